#include <dedalus/handoff/tool_failure.hpp>

#include <boost/json/serialize.hpp>

#include <utility>

namespace dedalus {

std::string structured_failure(const tool_failure& failure)
{
    boost::json::object error;
    error["kind"] = failure.kind;
    error["message"] = failure.text;
    error["retryable"] = failure.retryable;
    error["outcome_known"] = failure.outcome_known;
    if (!failure.dependency.empty())
        error["dependency"] = failure.dependency;
    boost::json::object all;
    all["error"] = std::move(error);
    return boost::json::serialize(all);
}

}  // namespace dedalus
