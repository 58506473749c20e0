#include "protocol/gzip_reader.hpp"

#include <dedalus/error_code.hpp>
#include <dedalus/testing/server.hpp>

#include "support/catch.hpp"
#include "support/replay.hpp"

#include <string>

namespace gzip_reader_test {

using dedalus::errc;
using dedalus::protocol::gzip_reader;

namespace {

constexpr std::size_t ample = 1024 * 1024;

std::string gzip(std::string text)
{
    dedalus::testing::reply r;
    r.body = std::move(text);
    return gzipped(std::move(r)).body;
}

struct outcome
{
    std::string text{};
    boost::system::error_code error{};
    bool complete = false;
};

outcome inflate(const std::vector<std::string>& pieces, std::size_t limit = ample)
{
    outcome result;
    gzip_reader reader;
    for (const std::string& piece : pieces)
        reader.feed(piece, result.text, limit, result.error);
    result.complete = reader.complete();
    return result;
}

}  // namespace

TEST_CASE("gzip is undone at every split, several members and empty ones included")
{
    const std::string text = "an answer, an answer, an answer";
    for (const std::string& input :
         {gzip(text), gzip(text.substr(0, 7)) + gzip(text.substr(7)), gzip("") + gzip(text) + gzip("")})
        test::for_each_split(input, [&](const test::split& split) {
            CAPTURE(split.how);
            const outcome result = inflate(split.pieces);
            CHECK_FALSE(result.error.failed());
            CHECK(result.text == text);
            CHECK(result.complete);
        });
}

TEST_CASE("nothing at all is a complete body")
{
    CHECK(inflate({}).complete);
    CHECK(inflate({""}).complete);
}

TEST_CASE("gzip that is cut off anywhere is not complete and no error before its end")
{
    const std::string input = gzip("an answer, an answer");
    for (std::size_t length = 1; length < input.size(); ++length) {
        CAPTURE(length);
        const outcome result = inflate({input.substr(0, length)});
        CHECK_FALSE(result.error.failed());
        CHECK_FALSE(result.complete);
    }
}

TEST_CASE("what is not gzip, and gzip with any byte changed, is refused or gives the same text")
{
    CHECK(inflate({"{\"choices\":[]}"}).error == errc::invalid_response);
    CHECK(inflate({gzip("text") + "garbage"}).error == errc::invalid_response);

    const std::string text = "an answer, an answer";
    const std::string good = gzip(text);
    std::size_t refused = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        CAPTURE(at);
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        const outcome result = inflate({bad});
        if (result.error.failed() || !result.complete)
            ++refused;
        else
            CHECK(result.text == text);  // the change is in the time or the system of the header
    }
    CHECK(refused > good.size() / 2);
}

TEST_CASE("an error stays")
{
    gzip_reader reader;
    std::string out;
    boost::system::error_code ec;
    reader.feed("no", out, ample, ec);
    CHECK(ec == errc::invalid_response);
    reader.feed(gzip("text"), out, ample, ec);
    CHECK(ec == errc::invalid_response);
    CHECK(out.empty());
}

TEST_CASE("as much as the limit is inflated, and one byte more is refused")
{
    for (const std::size_t size : {std::size_t{1}, std::size_t{16 * 1024}, std::size_t{100'000}}) {
        const std::string text(size, 'x');
        const outcome enough = inflate({gzip(text)}, size);
        CHECK_FALSE(enough.error.failed());
        CHECK(enough.text == text);
        CHECK(enough.complete);
        const outcome too_little = inflate({gzip(text)}, size - 1);
        CHECK(too_little.error == errc::limit_exceeded);
        CHECK(too_little.text == text.substr(1));
    }
}

TEST_CASE("a bomb is given up at the limit, in memory of its size")
{
    const std::string bomb = gzip(std::string(64 * 1024 * 1024, '\0'));
    CHECK(bomb.size() < 100'000);
    const outcome result = inflate({bomb}, 100'000);
    CHECK(result.error == errc::limit_exceeded);
    CHECK(result.text.size() == 100'000);
    CHECK(result.text.capacity() <= 200'000);
}

}  // namespace gzip_reader_test
