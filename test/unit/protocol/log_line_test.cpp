#include "protocol/log_line.hpp"

#include "support/catch.hpp"

#include <vector>

namespace log_line_test {

using namespace dedalus;
using namespace dedalus::protocol;

TEST_CASE("a log line holds its fields, and quotes what is not plain")
{
    const std::vector<log_field> fields{{"call", "7"}, {"error", "no \"way\" \\ out"}, {"empty", ""}};
    CHECK(
        log_line(log_level::warn, "retry", fields) ==
        "dedalus warn retry call=7 error=\"no \\\"way\\\" \\\\ out\" empty=\"\"\n"
    );
}

TEST_CASE("a value of a server cannot forge a log line")
{
    const std::vector<log_field> fields{{"request_id", "a\ndedalus error fake\x1b[2J\x7f"}};
    const std::string line = log_line(log_level::info, "complete", fields);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line == "dedalus info complete request_id=\"a\\x0adedalus error fake\\x1b[2J\\x7f\"\n");
}

TEST_CASE("log levels have names")
{
    CHECK(parse_log_level("off") == log_level::off);
    CHECK(parse_log_level("DEBUG") == log_level::debug);
    CHECK_FALSE(parse_log_level("verbose"));
    CHECK_FALSE(parse_log_level(""));
}

}  // namespace log_line_test
