#pragma once

#include "stores/rules.hpp"
#include "stores/sqlite_database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dedalus::stores {

/// The operations on the tables of a SQLite file. Each runs inside a transaction that the caller has begun, an
/// immediate one for those that write; that makes what it reads and what it writes one step.
class sqlite_tables
{
public:
    explicit sqlite_tables(sqlite_database& database) : db_(database) {}

    create_outcome create(const create_request& request, time_point now);
    create_outcome restore(const restore_request& request);
    load_result load(const load_request& request);
    acquire_result acquire(const acquire_request& request, time_point now);
    renew_result renew(const renew_request& request, time_point now);
    lease_outcome release(const release_request& request);
    commit_result commit(const commit_request& request, time_point now);
    append_result append_call(const append_request& request);
    post_outcome post(const post_request& request, time_point now);
    late_outcome put_late_result(const late_request& request, time_point now);
    std::vector<std::string> list_resumable(const run_filter& filter, time_point now);
    list_page list(const list_query& query, time_point now);
    remove_outcome remove(const std::string& run_id, bool must_be_terminal);
    bool set_ttl(const std::string& run_id, std::optional<std::chrono::milliseconds> ttl, time_point now);
    std::size_t collect(const collect_query& query, time_point now);
    bool put_blob(const std::string& run_id, const std::string& name, const std::string& bytes);
    std::optional<std::string> get_blob(const std::string& run_id, const std::string& name);

private:
    struct found_call
    {
        call_record record{};
        std::string op_id{};
    };

    std::optional<run_row> find(const std::string& run_id);
    bool pending(const std::string& run_id, const std::string& inbox_id);
    std::size_t count_pending(std::string_view run_id);
    bool is_free(const wait_key& key, const commit_request& request);
    bool fits(const commit_request& request);
    std::optional<wait_record> find_wait(const std::string& run_id, const wait_key& key);
    std::optional<found_call> find_call(const std::string& run_id, const call_record& record);
    void insert_entries(const std::string& run_id, const std::vector<log_entry>& entries);
    void insert_call(const std::string& run_id, const call_record& record, const std::string& op_id);
    void put_wait(const std::string& run_id, const wait_record& wait);
    void insert_inbox(const stored_run& run);
    void insert_late(const std::string& run_id, const late_result& late);
    void write_outside(const commit_request& request, std::int64_t rev);
    void read_records(stored_run& run, std::int64_t from_seq);
    void read_outside(stored_run& run);
    void read_blobs(stored_run& run);

    sqlite_database& db_;
};

inline std::int64_t micros(time_point time)
{
    return time.time_since_epoch().count();
}

}  // namespace dedalus::stores
