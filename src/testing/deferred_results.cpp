#include "testing/deferred_results.hpp"

#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>

#include <utility>

namespace dedalus::testing {

namespace {

std::string decoded(std::string_view segment)
{
    const auto view = boost::urls::make_pct_string_view({segment.data(), segment.size()});
    if (view.has_error())
        return std::string(segment);
    const boost::urls::decode_view characters(*view);
    return {characters.begin(), characters.end()};
}

}  // namespace

reply deferred_results::add(reply answer)
{
    // An id that has to be encoded in a path.
    std::string id = "deferred #" + std::to_string(++last_) + "/a";
    reply ordered = json_reply(boost::json::object{{"request_id", id}});
    results_.emplace(std::move(id), result{std::move(answer), polls_before_});
    return ordered;
}

reply deferred_results::take(std::string_view encoded_request_id)
{
    const auto found = results_.find(decoded(encoded_request_id));
    if (found == results_.end())
        return error_reply(
            404, "There is no such result, or it was fetched before", "invalid_request_error", "not_found"
        );
    if (found->second.polls_before > 0) {
        --found->second.polls_before;
        reply pending;
        pending.status = 202;
        return pending;
    }
    reply answer = std::move(found->second.answer);
    results_.erase(found);
    return answer;
}

}  // namespace dedalus::testing
