#include "handoff/streamed_rules.hpp"

#include <dedalus/error.hpp>

#include <algorithm>
#include <memory>

namespace dedalus::handoff_core {

namespace {

bool all_finished(const chat_completion& answer)
{
    return std::ranges::all_of(answer.choices, [](const choice& each) { return each.finish_reason.has_value(); });
}

}  // namespace

void check_whole(const chat_completion& answer, bool got_end_marker)
{
    if (!got_end_marker || !all_finished(answer))
        throw incomplete_stream_error(std::make_shared<const chat_completion>(answer));
}

std::optional<chat_completion> accepted_without_end(const wire_profile& profile, const boost::system::system_error& e)
{
    const auto* incomplete = dynamic_cast<const incomplete_stream_error*>(&e);
    if (incomplete == nullptr || !profile.accept_missing_end)
        return {};
    const chat_completion& answer = incomplete->partial();
    if (answer.choices.empty() || !all_finished(answer))
        return {};
    return answer;
}

}  // namespace dedalus::handoff_core
