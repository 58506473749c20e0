#pragma once

#include "stores/rules.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::stores {

/// The runs of a memory store: one operation after the other, each all or nothing.
class memory_tables
{
public:
    create_outcome create(const create_request& request, time_point now);
    create_outcome restore(const restore_request& request);
    load_result load(const load_request& request) const;
    acquire_result acquire(const acquire_request& request, time_point now);
    renew_result renew(const renew_request& request, time_point now);
    lease_outcome release(const release_request& request, time_point now);
    commit_result commit(const commit_request& request, time_point now);
    append_result append_call(const append_request& request);
    post_outcome post(const post_request& request, time_point now);
    late_outcome put_late_result(const late_request& request, time_point now);
    std::vector<std::string> list_resumable(const run_filter& filter, time_point now) const;
    list_page list(const list_query& query, time_point now) const;
    remove_outcome remove(const std::string& run_id, bool must_be_terminal);
    bool set_ttl(const std::string& run_id, std::optional<std::chrono::milliseconds> ttl, time_point now);
    std::size_t collect(const collect_query& query, time_point now);
    bool put_blob(const std::string& run_id, const std::string& name, std::string bytes);
    std::optional<std::string> get_blob(const std::string& run_id, const std::string& name) const;

    /// Takes the run away from its owner.
    void take_over(const std::string& run_id, time_point now);

private:
    struct call_row
    {
        call_record record{};
        std::string op_id{};
    };

    struct run
    {
        run_row row{};
        run_head head{};
        time_point created_at{};
        time_point updated_at{};
        std::optional<time_point> collect_at{};
        std::vector<log_entry> entries{};
        std::map<std::pair<call_key, std::int64_t>, call_row> calls{};
        std::map<wait_key, wait_record> waits{};
        std::vector<inbox_item> inbox{};
        std::set<std::string> seen_inbox{};
        std::map<std::pair<call_key, std::int64_t>, late_result> late{};
        blob_map blobs{};
    };

    static bool pending(const run& r, const std::string& inbox_id);
    static bool fits(const run& r, const commit_request& request);
    static bool labelled(const run& r, const label_map& labels);

    run* find(const std::string& run_id);
    const run* find(const std::string& run_id) const;

    std::map<std::string, run> runs_;
};

}  // namespace dedalus::stores
