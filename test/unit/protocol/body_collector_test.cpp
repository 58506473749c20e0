#include "protocol/body_collector.hpp"

#include <dedalus/error_code.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace body_collector_test {

using dedalus::errc;
using dedalus::http_headers;
using namespace dedalus::protocol;

namespace {

std::string gzip(std::string text)
{
    dedalus::testing::reply r;
    r.body = std::move(text);
    return gzipped(std::move(r)).body;
}

struct outcome
{
    std::string body{};
    boost::system::error_code error{};
};

outcome collect(content_coding coding, std::size_t limit, const std::vector<std::string>& pieces)
{
    outcome result;
    body_collector collector(coding, limit);
    for (const std::string& piece : pieces) {
        collector.add(piece, result.body, result.error);
        if (result.error.failed())
            return result;
    }
    collector.finish(result.error);
    return result;
}

}  // namespace

TEST_CASE("the coding is what the fields say together")
{
    struct row
    {
        http_headers headers;
        content_coding coding;
    };

    const row rows[] = {
        {{}, content_coding::identity},
        {{{"Content-Encoding", ""}}, content_coding::identity},
        {{{"Content-Encoding", "Identity"}}, content_coding::identity},
        {{{"content-encoding", " GZip "}}, content_coding::gzip},
        {{{"Content-Encoding", "x-gzip"}}, content_coding::gzip},
        {{{"Content-Encoding", "identity"}, {"Content-Encoding", "gzip"}}, content_coding::gzip},
        {{{"Content-Encoding", "gzip"}, {"Content-Encoding", "gzip"}}, content_coding::unknown},
        {{{"Content-Encoding", "gzip, gzip"}}, content_coding::unknown},
        {{{"Content-Encoding", "br"}}, content_coding::unknown},
        {{{"Content-Encoding", "deflate"}}, content_coding::unknown},
        {{{"X-Content-Encoding", "gzip"}}, content_coding::identity},
    };
    for (const row& each : rows) {
        CAPTURE(each.headers.begin() == each.headers.end() ? "" : each.headers.begin()->value);
        CHECK(content_coding_of(each.headers) == each.coding);
    }
}

TEST_CASE("a body is collected up to its limit, whatever its coding")
{
    for (const content_coding coding : {content_coding::identity, content_coding::unknown}) {
        CHECK(collect(coding, 5, {"he", "", "llo"}).body == "hello");
        CHECK_FALSE(collect(coding, 5, {"he", "llo"}).error.failed());
        const outcome cut = collect(coding, 4, {"he", "llo"});
        CHECK(cut.error == errc::limit_exceeded);
        CHECK(cut.body == "hell");
    }
    CHECK(collect(content_coding::gzip, 5, {gzip("hello")}).body == "hello");
    CHECK_FALSE(collect(content_coding::gzip, 5, {gzip("hello")}).error.failed());
    const outcome cut = collect(content_coding::gzip, 4, {gzip("hello")});
    CHECK(cut.error == errc::limit_exceeded);
    CHECK(cut.body == "hell");
}

TEST_CASE("gzip that is broken or cut off is told from a body that is too large")
{
    CHECK(collect(content_coding::gzip, 5, {"hello"}).error == errc::invalid_response);
    const std::string whole = gzip("hello");
    CHECK(collect(content_coding::gzip, 5, {whole.substr(0, whole.size() - 1)}).error == errc::invalid_response);
    CHECK_FALSE(collect(content_coding::gzip, 5, {}).error.failed());
}

TEST_CASE("gzip that inflates to nothing for ever is given up")
{
    const std::string nothing = gzip("");
    body_collector collector(content_coding::gzip, 1000);
    std::string body;
    boost::system::error_code ec;
    std::size_t fed = 0;
    while (!ec.failed() && fed < 1'000'000) {
        collector.add(nothing, body, ec);
        fed += nothing.size();
    }
    CHECK(ec == errc::limit_exceeded);
    CHECK(fed < 100'000);
    CHECK(body.empty());
}

}  // namespace body_collector_test
