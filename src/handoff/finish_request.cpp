#include "handoff/finish_request.hpp"

#include <dedalus/stores/store_error.hpp>

#include "crypto/sha256.hpp"
#include "handoff/run_records.hpp"
#include "handoff/tool_end.hpp"

#include <utility>

namespace dedalus::handoff_core {

stores::append_request finish_request(const finish_facts& facts, boost::json::value result, time_point now)
{
    tool_end end = result_end(std::move(result), facts.max_bytes);
    if (end.outcome != tool_outcome::ok)
        throw store_error(store_errc::invalid_argument, end.text);  // before there is an effect
    end.note = facts.note;
    stores::append_request request;
    request.run_id = facts.run_id;
    request.fence = facts.fence;
    const std::string place = idempotency_key(facts.run_id, facts.key) + '/' + std::to_string(facts.attempt) + '/' +
                              std::to_string(facts.fence);
    request.op_id = "tool/" + crypto::sha256_hex(place);
    stores::call_record& record = request.records.emplace_back();
    record.key = stored_key(facts.key);
    record.kind = stores::call_record_kind::finish;
    record.attempt = facts.attempt;
    record.fence = facts.fence;
    record.at = stored_time(now);
    record.body = finish_body(end, facts.entered);
    record.crc32c = stores::checksum(record);
    return request;
}

}  // namespace dedalus::handoff_core
