#include "protocol/http_response_reader.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/replay.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http_response_reader_test {

using dedalus::errc;
using dedalus::http_headers;
using dedalus::protocol::http_response_reader;

namespace {

/// What a caller sees of one answer.
struct outcome
{
    std::string body{};
    std::string rest{};  // not taken
    boost::system::error_code error{};
};

/// Feeds pieces from memory that is gone afterwards. Pieces of the body must be views of the input.
outcome feed(http_response_reader& reader, const std::vector<std::string>& pieces)
{
    outcome result;
    for (const std::string& piece : pieces) {
        const auto memory = std::make_unique<char[]>(piece.size());
        std::copy(piece.begin(), piece.end(), memory.get());
        std::string_view input(memory.get(), piece.size());
        for (;;) {
            std::string_view body;
            const std::size_t taken = reader.consume(input, body, result.error);
            if (!body.empty()) {
                CHECK(body.data() >= input.data());
                CHECK(body.data() + body.size() <= input.data() + taken);
            }
            result.body += body;
            input.remove_prefix(taken);
            if (taken == 0 || result.error.failed())
                break;
        }
        result.rest += input;
        if (result.error.failed())
            break;
    }
    return result;
}

constexpr std::size_t ample = 64 * 1024;

struct good_answer
{
    const char* name;
    std::string input;
    int status;
    http_headers headers;
    std::string body;
    bool keep_alive;
};

std::vector<good_answer> good_answers()
{
    using headers = http_headers;
    return {
        {"content length",
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
         200,
         {{"Content-Length", "5"}},
         "hello",
         true},
        {"a body that looks like a last chunk",
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
         200,
         {{"Content-Length", "5"}},
         "0\r\n\r\n",
         true},
        {"content length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, {{"Content-Length", "0"}}, "", true},
        {"the same length twice",
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
         200,
         {{"Content-Length", "2"}, {"Content-Length", "2"}},
         "hi",
         true},
        {"chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n01\r\n,\r\nA\r\n0123456789\r\n0\r\n\r\n",
         200,
         {{"Transfer-Encoding", "chunked"}},
         "hello,0123456789",
         true},
        {"chunks whose data look like framing",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\n0\r\n\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n",
         200,
         {{"Transfer-Encoding", "Chunked"}},
         "0\r\n\r\n\r\n\r\n",
         true},
        {"chunk extensions and trailers",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0;last\r\nX-Sum: 1\r\nY: "
         "2\r\n\r\n",
         200,
         {{"Transfer-Encoding", "chunked"}},
         "hello",
         true},
        {"no chunk but the last",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         200,
         {{"Transfer-Encoding", "chunked"}},
         "",
         true},
        {"no chunk but the last, with more digits",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000\r\nA: b\r\n\r\n",
         200,
         {{"Transfer-Encoding", "chunked"}},
         "",
         true},
        {"connection: close",
         "HTTP/1.1 429 Too Many\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
         429,
         {{"Connection", "close"}, {"Content-Length", "2"}},
         "no",
         false},
        {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, {{"Content-Length", "2"}}, "hi", false},
        {"HTTP/1.0 with keep-alive",
         "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
         200,
         {{"Connection", "keep-alive"}, {"Content-Length", "2"}},
         "hi",
         true},
        {"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, headers{}, "", true},
        {"304 has no body in spite of a length",
         "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
         304,
         {{"Content-Length", "9"}},
         "",
         true},
        {"no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, {{"Content-Length", "0"}}, "", true},
        {"white space, empty values and repeated fields",
         "HTTP/1.1 200 OK\r\nA:  x y \t\r\nB:\r\na: 2\r\nContent-Length: 0\r\n\r\n",
         200,
         {{"A", "x y"}, {"B", ""}, {"a", "2"}, {"Content-Length", "0"}},
         "",
         true},
        {"interim answers are skipped",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 "
         "Created\r\nContent-Length: 1\r\n\r\n!",
         201,
         {{"Content-Length", "1"}},
         "!",
         true},
    };
}

const std::string next_answer = "HTTP/1.1 500 Not Mine\r\n\r\n";

struct bad_answer
{
    const char* name;
    std::string input;
};

std::vector<bad_answer> bad_answers()
{
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    return {
        {"another protocol", "SSH-2.0-server\r\n"},
        {"another protocol without a line end", std::string("\x15\x03\x01\x00\x02\x02\x46", 7)},
        {"HTTP/2", "HTTP/2 200\r\n\r\n"},
        {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"},
        {"an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"a status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n"},
        {"lone LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
        {"lone LF after a field", ok + "Content-Length: 0\n\r\n"},
        {"lone CR in a head", ok + "A: b\rC: d\r\n\r\n"},
        {"a field without colon", ok + "Content-Length\r\n\r\n"},
        {"a space before the colon", ok + "Content-Length : 0\r\n\r\n"},
        {"NUL in a value", ok + std::string("A: b\0c\r\n\r\n", 10)},
        {"two different lengths", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
        {"two different lengths in one field", ok + "Content-Length: 5, 6\r\n\r\n"},
        {"a negative length", ok + "Content-Length: -1\r\n\r\n"},
        {"a length that overflows", ok + "Content-Length: 99999999999999999999\r\n\r\n"},
        {"a length and chunks", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"chunks and a length", ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
        {"an encoding that is unknown", ok + "Transfer-Encoding: gzip\r\n\r\n"},
        {"an encoding before chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
        {"chunked twice", ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"another protocol that nobody asked for", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"},
        {"a chunk size that is no number", chunked + "xyz\r\n"},
        {"a negative chunk size", chunked + "-5\r\nhello\r\n"},
        {"a chunk size that overflows", chunked + "10000000000000000\r\nx"},
        {"no line end after a chunk", chunked + "5\r\nhelloXX0\r\n\r\n"},
        {"a chunk longer than its size", chunked + "4\r\nhello\r\n0\r\n\r\n"},
        {"a bad chunk extension", chunked + "5;=\r\nhello\r\n"},
        {"a bad trailer", chunked + "0\r\nno colon\r\n\r\n"},
        {"a length in a trailer", chunked + "0\r\nContent-Length: 3\r\n\r\n"},
    };
}

}  // namespace

TEST_CASE("each kind of answer is read the same at every split, and not a byte more")
{
    for (const good_answer& answer : good_answers())
        test::for_each_split(answer.input, [&](test::split split) {
            CAPTURE(answer.name, split.how);
            split.pieces.back() += next_answer;
            http_response_reader reader(ample);
            const outcome result = feed(reader, split.pieces);
            CHECK_FALSE(result.error.failed());
            CHECK(reader.done());
            CHECK(reader.status() == answer.status);
            CHECK((reader.headers() == answer.headers));
            CHECK((reader.take_headers() == answer.headers));
            CHECK(reader.headers().empty());
            CHECK(result.body == answer.body);
            CHECK(result.rest == next_answer);
            CHECK(reader.keep_alive() == answer.keep_alive);
        });
}

TEST_CASE("a message is complete with its last byte and not before")
{
    for (const good_answer& answer : good_answers()) {
        CAPTURE(answer.name);
        http_response_reader reader(ample);
        std::string_view body;
        boost::system::error_code ec;
        for (std::size_t i = 0; i < answer.input.size(); ++i) {
            CHECK_FALSE(reader.done());
            CHECK_FALSE(reader.keep_alive());
            CHECK(reader.consume(std::string_view(answer.input).substr(i, 1), body, ec) == 1);
        }
        CHECK(reader.done());
    }
}

TEST_CASE("an answer that breaks the framing is refused at every split")
{
    for (const bad_answer& answer : bad_answers())
        test::for_each_split(answer.input, [&](const test::split& split) {
            CAPTURE(answer.name, split.how);
            http_response_reader reader(ample);
            CHECK(feed(reader, split.pieces).error == errc::invalid_response);
            CHECK_FALSE(reader.keep_alive());
            std::string_view body;
            boost::system::error_code ec;
            CHECK(reader.consume("more", body, ec) == 0);
            CHECK(ec == errc::invalid_response);
        });
}

TEST_CASE("a body without a length runs until the connection ends")
{
    const std::string input = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello\r\n\r\nworld";
    test::for_each_split(input, [&](const test::split& split) {
        CAPTURE(split.how);
        http_response_reader reader(ample);
        CHECK(feed(reader, split.pieces).body == "hello\r\n\r\nworld");
        CHECK_FALSE(reader.done());
        boost::system::error_code ec;
        reader.finish(ec);
        CHECK_FALSE(ec.failed());
        CHECK(reader.done());
        CHECK_FALSE(reader.keep_alive());
    });
}

TEST_CASE("an end before any byte is told from an end within the message")
{
    boost::system::error_code nothing;
    http_response_reader unused(ample);
    unused.finish(nothing);
    CHECK(nothing.message() == "end of stream");
    CHECK_FALSE(unused.got_some());

    for (const good_answer& answer : good_answers())
        for (std::size_t length = 1; length < answer.input.size(); ++length) {
            CAPTURE(answer.name, length);
            http_response_reader reader(ample);
            CHECK_FALSE(feed(reader, {answer.input.substr(0, length)}).error.failed());
            boost::system::error_code ec;
            reader.finish(ec);
            CHECK(ec.message() == "partial message");
            CHECK(reader.got_some());
            CHECK_FALSE(reader.keep_alive());
        }
}

TEST_CASE("the end of the connection after a complete message is no error but ends reuse")
{
    http_response_reader reader(ample);
    feed(reader, {"HTTP/1.1 204 No Content\r\n\r\n"});
    CHECK(reader.keep_alive());
    boost::system::error_code ec;
    reader.finish(ec);
    CHECK_FALSE(ec.failed());
    CHECK_FALSE(reader.keep_alive());
}

TEST_CASE("status and headers are there with the last byte of the head")
{
    http_response_reader reader(ample);
    feed(reader, {"HTTP/1.1 200 OK\r\nA: b\r\n\r"});
    CHECK_FALSE(reader.header_done());
    CHECK(reader.status() == 0);
    CHECK(reader.headers().empty());
    feed(reader, {"\n"});
    CHECK(reader.header_done());
    CHECK(reader.status() == 200);
    CHECK(reader.headers().find("a") == "b");
}

TEST_CASE("a head as long as the limit is read, one byte more is refused, at every split")
{
    const std::string input = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi";
    const std::size_t head = input.size() - 2;
    test::for_each_split(input, [&](const test::split& split) {
        CAPTURE(split.how);
        http_response_reader enough(head);
        CHECK(feed(enough, split.pieces).body == "hi");
        CHECK(enough.done());
        http_response_reader too_little(head - 1);
        CHECK(feed(too_little, split.pieces).error == errc::limit_exceeded);
        CHECK_FALSE(too_little.header_done());
    });
}

TEST_CASE("the limit spans all interim answers")
{
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    http_response_reader reader(interim.size() * 10);
    std::string many;
    for (int i = 0; i < 11; ++i)
        many += interim;
    CHECK(feed(reader, {many}).error == errc::limit_exceeded);
}

TEST_CASE("a chunk header or trailers beyond the limit are refused")
{
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string& tail :
         {"5;" + std::string(200, 'x'),
          "5;" + std::string(200, 'x') + "\r\nhello\r\n0\r\n\r\n",
          "0\r\nA: " + std::string(200, 'x'),
          "0\r\nA: " + std::string(200, 'x') + "\r\n\r\n",
          std::string("0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"
                      "A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n")})
    {
        CAPTURE(tail);
        http_response_reader whole(64);
        CHECK(feed(whole, {head, tail}).error == errc::limit_exceeded);
        http_response_reader cut(64);
        CHECK(feed(cut, test::byte_by_byte(head + tail)).error == errc::limit_exceeded);
    }
}

TEST_CASE("a chunk is delivered before the line end that follows it")
{
    http_response_reader reader(ample);
    feed(reader, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"});
    CHECK(feed(reader, {"5\r\nhello"}).body == "hello");
    CHECK(feed(reader, {"\r\n1\r\n!"}).body == "!");
    CHECK(feed(reader, {"\r\n1\r\n", "?"}).body == "?");
}

TEST_CASE("a body larger than Beast's own limit is read")
{
    const std::string piece(1024 * 1024, 'x');
    http_response_reader by_length(ample);
    feed(by_length, {"HTTP/1.1 200 OK\r\nContent-Length: 20971520\r\n\r\n"});
    http_response_reader by_chunks(ample);
    feed(by_chunks, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1400000\r\n"});
    http_response_reader until_close(ample);
    feed(until_close, {"HTTP/1.1 200 OK\r\n\r\n"});
    for (http_response_reader* const reader : {&by_length, &by_chunks, &until_close}) {
        std::size_t total = 0;
        for (int i = 0; i < 20; ++i)
            total += feed(*reader, {piece}).body.size();
        CHECK(total == 20 * piece.size());
    }
    CHECK(by_length.done());
}

TEST_CASE("a reader can be moved in the middle of a message")
{
    http_response_reader first(ample);
    feed(first, {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"});
    http_response_reader second(std::move(first));
    CHECK(feed(second, {"llo"}).body == "llo");
    CHECK(second.done());
}

}  // namespace http_response_reader_test
