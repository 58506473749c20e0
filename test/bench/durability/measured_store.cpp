#include "bench/durability/measured_store.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bench {

namespace stores = dedalus::stores;
using clock = std::chrono::steady_clock;

std::chrono::nanoseconds store_load::total() const
{
    const auto sum_of = [](const std::vector<std::chrono::nanoseconds>& times) {
        return std::accumulate(times.begin(), times.end(), std::chrono::nanoseconds());
    };
    return sum_of(commits) + sum_of(appends);
}

std::chrono::nanoseconds quantile(std::vector<std::chrono::nanoseconds> times, double share)
{
    if (times.empty())
        return {};
    std::sort(times.begin(), times.end());
    const auto place = static_cast<std::size_t>(share * static_cast<double>(times.size()));
    return times[std::min(place, times.size() - 1)];
}

boost::asio::awaitable<stores::create_outcome> measured_store::create(stores::create_request r)
{
    count(r.head);
    count(r.entries);
    co_return co_await to_->create(std::move(r));
}

boost::asio::awaitable<stores::commit_result> measured_store::commit(stores::commit_request r)
{
    count(r.head);
    count(r.entries);
    count(r.calls);
    for (const stores::wait_record& wait : r.waits)
        load_.bytes += wait.body.size();
    const clock::time_point begun = clock::now();
    const stores::commit_result result = co_await to_->commit(std::move(r));
    load_.commits.push_back(clock::now() - begun);
    co_return result;
}

boost::asio::awaitable<stores::append_result> measured_store::append_call(stores::append_request r)
{
    count(r.records);
    const clock::time_point begun = clock::now();
    stores::append_result result = co_await to_->append_call(std::move(r));
    load_.appends.push_back(clock::now() - begun);
    co_return result;
}

void measured_store::count(const stores::run_head& head)
{
    load_.bytes += head.bytes.size();
    load_.largest_head = std::max(load_.largest_head, head.bytes.size());
}

void measured_store::count(const std::vector<stores::log_entry>& entries)
{
    for (const stores::log_entry& entry : entries)
        load_.bytes += entry.kind.size() + entry.body.size() + entry.raw.size();
}

void measured_store::count(const std::vector<stores::call_record>& records)
{
    for (const stores::call_record& record : records)
        load_.bytes += record.key.call_id.size() + record.body.size();
}

}  // namespace bench
