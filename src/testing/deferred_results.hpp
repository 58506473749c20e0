#pragma once

#include <dedalus/testing/server.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dedalus::testing {

/// Answers that were ordered with `deferred: true`. One thread.
class deferred_results
{
public:
    /// @param polls_before  how many questions for an answer are answered with 202.
    explicit deferred_results(int polls_before) : polls_before_(polls_before) {}

    /// Keeps the answer; gives the reply that names its request_id.
    reply add(reply answer);

    /// 202 while it is not ready, then the answer, once, then 404.
    reply take(std::string_view encoded_request_id);

private:
    struct result
    {
        reply answer;
        int polls_before = 0;
    };

    int polls_before_;
    std::uint64_t last_ = 0;
    std::map<std::string, result, std::less<>> results_;
};

}  // namespace dedalus::testing
