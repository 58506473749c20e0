#include "protocol/event_stream_parser.hpp"

#include <dedalus/error.hpp>

#include "support/catch.hpp"
#include "support/replay.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace event_stream_parser_test {

using dedalus::protocol::event_stream_parser;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

struct event
{
    std::string name{};
    std::string data{};
    std::string id{};
    std::optional<std::uint64_t> retry{};

    bool operator==(const event&) const = default;
};

std::ostream& operator<<(std::ostream& os, const event& e)
{
    return os << "{name " << e.name << " | data " << e.data << " | id " << e.id << " | retry "
              << (e.retry ? std::to_string(*e.retry) : "none") << '}';
}

event message(std::string data)
{
    return {.data = std::move(data)};
}

/// Feeds from memory that is gone afterwards, and copies what comes out.
class reader
{
public:
    explicit reader(std::size_t max_event_bytes = 64 * mebibyte) : parser(max_event_bytes) {}

    std::vector<event> feed(std::string_view bytes)
    {
        std::vector<event> events;
        const auto memory = std::make_unique<char[]>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), memory.get());
        parser.feed({memory.get(), bytes.size()});
        while (const auto e = parser.next(error))
            events.push_back({std::string(e->name), std::string(e->data), std::string(e->id), e->retry});
        return events;
    }

    event_stream_parser parser;
    boost::system::error_code error;
};

std::vector<event> replay(const std::vector<std::string>& pieces)
{
    reader r;
    std::vector<event> all;
    for (const std::string& piece : pieces)
        for (event& e : r.feed(piece))
            all.push_back(std::move(e));
    CHECK_FALSE(r.error.failed());
    return all;
}

struct row
{
    const char* name;
    std::string input;
    std::vector<event> expected;
};

using namespace std::string_literals;

std::vector<row> rows_1_to_12()
{
    const auto completion = event{.name = "completion", .data = R"({"foo":true})"};
    return {
        {"1: a named event", "event: completion\ndata: {\"foo\":true}\n\n", {completion}},
        {"2: an event without a name", "data: {\"foo\":true}\n\n", {message("{\"foo\":true}")}},
        {"3: a name without data", "event: ping\n\n", {}},
        {"4: names do not leak into the next block", "event: ping\n\nevent: completion\n\ndata: x\n\n", {message("x")}},
        {"5: two named events",
         "event: ping\ndata: {\"foo\":true}\n\nevent: completion\ndata: {\"bar\":false}\n\n",
         {{.name = "ping", .data = "{\"foo\":true}"}, {.name = "completion", .data = "{\"bar\":false}"}}},
        {"6: data over three lines", "data: {\ndata: \"foo\":\ndata: true}\n\n", {message("{\n\"foo\":\ntrue}")}},
        {"7: empty data lines in between",
         "data: {\ndata: \"foo\":\ndata:\ndata: \ndata: true}\n\n",
         {message("{\n\"foo\":\n\n\ntrue}")}},
        {"8: escaped line ends are not line ends", R"(data: {"a":"x\n\ny"})"s + "\n\n", {message(R"({"a":"x\n\ny"})")}},
        {"9: U+2028, U+2029, U+0085, VT and FF do not end a line",
         "data: a\xE2\x80\xA8"
         "b\xE2\x80\xA9"
         "c\xC2\x85"
         "d\x0B"
         "e\x0C"
         "f\n\n",
         {message("a\xE2\x80\xA8"
                  "b\xE2\x80\xA9"
                  "c\xC2\x85"
                  "d\x0B"
                  "e\x0C"
                  "f")}},
        {"10: multi-byte characters",
         "data: {\"a\":\"\u043f\u0440\u0438\u0432\u0435\u0442\"}\n\n",
         {message("{\"a\":\"\u043f\u0440\u0438\u0432\u0435\u0442\"}")}},
        {"11: a whole conversation",
         "data: {\"delta\":\"Hel\"}\n\nevent: x\nid: 7\ndata: lo\n\n: ping\n\ndata: [DONE]\n\n",
         {message("{\"delta\":\"Hel\"}"), {.name = "x", .data = "lo", .id = "7"}, {.data = "[DONE]", .id = "7"}}},
        {"12: LF", "data:ok\n\n", {message("ok")}},
        {"12: CR", "data:ok\r\r", {message("ok")}},
        {"12: CRLF", "data:ok\r\n\r\n", {message("ok")}},
    };
}

std::vector<row> rows_13_to_26()
{
    const std::vector<event> a_b = {message("a"), message("b")};
    return {
        {"13: lone CR ends a line", "data: a\r\rdata: b\r\r", a_b},
        {"14: CRLF is one line end", "data: foo\r\ndata: bar\r\n\r\n", {message("foo\nbar")}},
        {"15: no phantom event from the LF of CR CRLF", "data: a\r\r\ndata: b\r\r", a_b},
        {"16: the second LF after a CR is real", "data: foo\r\n\ndata: bar\n\n", {message("foo"), message("bar")}},
        {"17: CR, CR, CRLF are three line ends", "data: foo\r\r\r\ndata: bar\r\r", {message("foo"), message("bar")}},
        {"18: LF CRLF", "data: a\n\r\ndata: b\n\r\n", a_b},
        {"18: CRLF LF", "data: a\r\n\ndata: b\r\n\n", a_b},
        {"18: CRLF CR", "data: a\r\n\rdata: b\r\n\r", a_b},
        {"18: LF CR", "data: a\n\rdata: b\n\r", a_b},
        {"19: mixed line ends, an id in force, an unfinished event",
         "id:one\r\ndata:first\r\n\ndata:two\n\rdata:unfinished",
         {{.data = "first", .id = "one"}, {.data = "two", .id = "one"}}},
        {"20: a long separator", "data: a\r\n\r\ndata: b\r\n\r\n", a_b},
        {"21: several events at once", "data: a\n\ndata: b\n\ndata: c\n\n", {message("a"), message("b"), message("c")}},
        {"22: a comment inside of a block",
         ": keepalive\nevent: update\ndata: first\n: again\ndata: second\n\n",
         {{.name = "update", .data = "first\nsecond"}}},
        {"23: a block of comments", ": OPENROUTER PROCESSING\n\ndata: a\n\n", {message("a")}},
        {"24: a block of comments with CRLF", ": OPENROUTER PROCESSING\r\n\r\ndata: a\r\n\r\n", {message("a")}},
        {"25: retry between events",
         "data: a\n\nretry: 3000\n\ndata: b\n\ndata: c\n\n",
         {message("a"), {.data = "b", .retry = 3000}, message("c")}},
        {"26: only comments and retries", ": a\n\nretry: 1\n\n:\n\n", {}},
    };
}

std::vector<row> rows_27_to_40()
{
    return {
        {"27: an id alone", "id: 5\n\n", {}},
        {"28: extra blank lines", "\n\nid: 5\n\n\n\ndata: a\n\n\n\n\n", {{.data = "a", .id = "5"}}},
        {"31: no line end at all", "data: x", {}},
        {"32: one LF", "data: x\n", {}},
        {"32: one CR", "data: x\r", {}},
        {"32: one CRLF", "data: x\r\n", {}},
        {"33: CR CR at the end", "data: x\r\r", {message("x")}},
        {"34: no space after the colon", "data:{\"a\":1}\n\n", {message("{\"a\":1}")}},
        {"35: one space is removed, a tab is not", "data:  two\ndata:\ttab\n\n", {message(" two\n\ttab")}},
        {"36: only the first colon splits", "data: a:b:c\n\n", {message("a:b:c")}},
        {"37: data without colon", "data\ndata\n\n", {message("\n")}},
        {"38: empty data", "data:\n\n", {message("")}},
        {"39: unknown names", "Data: x\ndata : x\nfoo: x\ndat: x\ndatas: x\n\ndata: a\n\n", {message("a")}},
        {"39: only unknown names", "Data: x\ndata : x\nfoo: x\nfoo\n x\n\n", {}},
        {"40: the last name wins", "event: a\nevent: b\ndata: 1\n\n", {{.name = "b", .data = "1"}}},
        {"40: an empty name wins too", "event: a\nevent\ndata: 1\n\n", {message("1")}},
    };
}

std::vector<row> rows_41_to_50()
{
    const auto in_force = event{.data = "a", .id = "old"};
    return {
        {"41: an id with NUL", "id: old\nid: n\0w\ndata: a\n\n"s, {in_force}},
        {"41: an empty id replaces", "id: old\nid\ndata: a\n\n", {message("a")}},
        {"41: retry that is not a number", "retry: 3s\nretry: -1\nretry:\nretry: 1 \ndata: a\n\n", {message("a")}},
        {"41: retry too large to represent", "retry: 18446744073709551616\ndata: a\n\n", {message("a")}},
        {"41: the largest retry",
         "retry: 18446744073709551615\ndata: a\n\n",
         {{.data = "a", .retry = 18446744073709551615ULL}}},
        {"42, 43: a byte-order mark at the start",
         "\xEF\xBB\xBF"
         "data: a\n\n",
         {message("a")}},
        {"42: a second mark is a part of the name",
         "\xEF\xBB\xBF\xEF\xBB\xBF"
         "data: a\ndata: b\n\n",
         {message("b")}},
        {"43: a part of a mark is not a mark",
         "\xEF\xBB"
         "data: a\ndata: b\n\n",
         {message("b")}},
        {"43: a part of a mark and a line end", "\xEF\xBB\ndata: b\n\n", {message("b")}},
        {"43: a mark and nothing", "\xEF\xBB\xBF", {}},
        {"44: a mark in the middle",
         "data: a\n\n\xEF\xBB\xBF"
         "data: b\ndata: c\n\n",
         {message("a"), message("c")}},
        {"44: a mark after an empty line",
         "\n\xEF\xBB\xBF"
         "data: b\n\n",
         {}},
        {"44: a mark in the data",
         "data:\xEF\xBB\xBF"
         "b\n\n",
         {message("\xEF\xBB\xBF"
                  "b")}},
        {"45: invalid UTF-8 passes as it is", "data: a\xFF\xC3(\n\n", {message("a\xFF\xC3(")}},
        {"45: NUL in data passes as it is", "data: a\0b\n\n"s, {message("a\0b"s)}},
        {"49: the end marker is an event", "data: [DONE]\n\n", {message("[DONE]")}},
        {"50: the end marker with CRLF", "data:[DONE]\r\n\r\n", {message("[DONE]")}},
    };
}

void check_rows(const std::vector<row>& rows)
{
    for (const row& r : rows)
        test::for_each_split(r.input, [&](const test::split& split) {
            CAPTURE(r.name, split.how);
            CHECK(replay(split.pieces) == r.expected);
        });
}

std::vector<std::size_t> counts_of_events(reader& r, const std::vector<std::string>& pieces)
{
    std::vector<std::size_t> counts;
    for (const std::string& piece : pieces)
        counts.push_back(r.feed(piece).size());
    return counts;
}

std::string repeated(std::string_view text, std::size_t times)
{
    std::string result;
    for (std::size_t i = 0; i < times; ++i)
        result += text;
    return result;
}

}  // namespace

TEST_CASE("rows 1 to 12 of the event-stream table hold at every split")
{
    check_rows(rows_1_to_12());
}

TEST_CASE("rows 13 to 26 of the event-stream table hold at every split")
{
    check_rows(rows_13_to_26());
}

TEST_CASE("rows 27 to 40 of the event-stream table hold at every split")
{
    check_rows(rows_27_to_40());
}

TEST_CASE("rows 41 to 50 of the event-stream table hold at every split")
{
    check_rows(rows_41_to_50());
}

TEST_CASE("row 15: an event that CR ends is delivered before the LF that may follow")
{
    reader r;
    CHECK(r.feed("data: a\r\r") == std::vector{message("a")});
    CHECK(r.feed("\n").empty());
    CHECK(r.feed("data: b\r\n\r") == std::vector{message("b")});
    CHECK(r.feed("\ndata: c\n\n") == std::vector{message("c")});
}

TEST_CASE("row 18: an event is delivered with its last byte, whatever the line ends")
{
    for (const std::string ends : {"\n\n", "\r\r", "\n\r", "\r\n\n", "\r\n\r"}) {
        CAPTURE(ends.size(), ends);
        const std::string input = "data: a" + ends;
        reader r;
        std::vector<std::size_t> expected(input.size(), 0);
        expected.back() = 1;
        CHECK(counts_of_events(r, test::byte_by_byte(input)) == expected);
    }
}

TEST_CASE("row 21: two thousand events in one piece come out in order")
{
    std::string input;
    std::vector<event> expected;
    for (int i = 0; i < 2000; ++i) {
        expected.push_back(message(std::to_string(i)));
        input += "data: " + expected.back().data + "\n\n";
    }
    reader r;
    CHECK(r.feed(input) == expected);
}

TEST_CASE("row 29: comments and unknown fields hold no memory")
{
    for (const char* const line : {": comment", "unknown: field", "Data: x", "data_without_colon"}) {
        CAPTURE(line);
        reader r;
        const std::size_t before = r.parser.buffered_bytes();
        for (int i = 0; i < 10'000; ++i)
            CHECK(r.feed(line + std::string("\n")).empty());
        CHECK(r.feed(line + std::string(mebibyte, 'x')).empty());
        CHECK(r.feed(std::string(mebibyte, 'y') + '\n').empty());
        CHECK(r.parser.buffered_bytes() == before);
        CHECK(r.feed("data: a\n\n") == std::vector{message("a")});
    }
}

TEST_CASE("row 29: a comment or an unknown field may be longer than the limit of an event")
{
    reader r(16);
    CHECK(r.feed(':' + std::string(100, 'x')).empty());
    CHECK(r.feed("\nfoo:" + std::string(100, 'x') + "\n").empty());
    CHECK(r.feed("data: a\n\n") == std::vector{message("a")});
    CHECK_FALSE(r.error.failed());
}

TEST_CASE("row 30: data lines without a blank line give no event and stay within the limit")
{
    reader r;
    CHECK(r.feed(repeated("data:x\n", 2000)).empty());
    CHECK(r.parser.buffered_bytes() < 16 * 1024);

    reader limited(100);
    CHECK(limited.feed(repeated("data:x\n", 2000)).empty());
    CHECK(limited.error == dedalus::errc::limit_exceeded);
    CHECK(limited.parser.buffered_bytes() < 1024);
}

TEST_CASE("row 46: one line as long as the limit is accepted, one byte more is refused")
{
    const std::string line(64 * mebibyte, 'x');
    for (const std::size_t piece_bytes : {line.size() + 100, 65'536UL}) {
        CAPTURE(piece_bytes);
        for (const bool beyond : {false, true}) {
            CAPTURE(beyond);
            const std::string input = "data: " + line + (beyond ? "x\n\n" : "\n\n");
            event_stream_parser parser(64 * mebibyte);
            boost::system::error_code ec;
            std::size_t events = 0;
            std::size_t data_bytes = 0;
            for (std::size_t at = 0; at < input.size() && !ec.failed(); at += piece_bytes) {
                parser.feed(std::string_view(input).substr(at, piece_bytes));
                while (const auto e = parser.next(ec)) {
                    ++events;
                    data_bytes += e->data.size();
                }
            }
            CHECK(events == (beyond ? 0 : 1));
            CHECK(data_bytes == (beyond ? 0 : line.size()));
            CHECK(ec == (beyond ? make_error_code(dedalus::errc::limit_exceeded) : boost::system::error_code()));
        }
    }
}

TEST_CASE("row 46: lines of 64 KiB, 1 MiB and 28 MiB are accepted and their memory is given back")
{
    for (const std::size_t size : {64 * 1024UL, 1 * mebibyte, 28 * mebibyte}) {
        CAPTURE(size);
        const std::string value(size, 'x');
        reader r;
        CHECK(r.feed("data: ").empty());
        CHECK(r.feed(value).empty());
        CHECK(r.parser.buffered_bytes() >= size);
        const std::vector<event> events = r.feed("\n\n");
        REQUIRE(events.size() == 1);
        CHECK((events[0].data == value));
        CHECK(r.parser.buffered_bytes() <= 65 * 1024);
    }
}

TEST_CASE("the limit spans data, name and id, and is the same at every split")
{
    const std::string input = "data: first\n\nid: 123\nevent: 456\ndata: 78\ndata: 9\n\ndata: last\n\n";
    for (const std::size_t limit : {9UL, 10UL}) {
        CAPTURE(limit);
        test::for_each_split(input, [&](const test::split& split) {
            CAPTURE(split.how);
            reader r(limit);
            std::vector<std::string> data;
            for (const std::string& piece : split.pieces) {
                for (const event& e : r.feed(piece))
                    data.push_back(e.data);
                if (r.error.failed())
                    break;
            }
            if (limit == 10) {
                CHECK(data == std::vector<std::string>{"first", "78\n9", "last"});
                CHECK_FALSE(r.error.failed());
            }
            else {
                CHECK(data == std::vector<std::string>{"first"});
                CHECK(r.error == dedalus::errc::limit_exceeded);
            }
        });
    }
}

TEST_CASE("an event is refused with the byte that is too much, before its line ends")
{
    for (const char* const field : {"data:", "event:", "id:"}) {
        CAPTURE(field);
        reader r(4);
        CHECK(r.feed(field + std::string("1234")).empty());
        CHECK_FALSE(r.error.failed());
        CHECK(r.feed("5").empty());
        CHECK(r.error == dedalus::errc::limit_exceeded);
    }
}

TEST_CASE("after an event beyond the limit the parser gives nothing more")
{
    reader r(4);
    CHECK(r.feed("data: 12345\n\ndata: 1\n\n").empty());
    CHECK(r.error == dedalus::errc::limit_exceeded);
    boost::system::error_code ec;
    CHECK_FALSE(r.parser.next(ec));
    CHECK(ec == dedalus::errc::limit_exceeded);
    CHECK(r.feed("data: 1\n\n").empty());
    CHECK(r.error == dedalus::errc::limit_exceeded);
}

TEST_CASE("row 47: ten thousand data lines are one event")
{
    reader r;
    const std::vector<event> events = r.feed(repeated("data: line\n", 10'000) + "\n");
    REQUIRE(events.size() == 1);
    std::string expected = repeated("line\n", 10'000);
    expected.pop_back();
    CHECK((events[0].data == expected));
}

TEST_CASE("row 48: each byte is looked at a constant number of times, however it arrives")
{
    const std::string input = "data: " + std::string(8 * mebibyte, 'x') + "\n\n";
    for (const std::size_t piece_bytes : {1UL, 3UL, 1000UL, input.size()}) {
        CAPTURE(piece_bytes);
        event_stream_parser parser(64 * mebibyte);
        boost::system::error_code ec;
        std::size_t data_bytes = 0;
        for (std::size_t at = 0; at < input.size(); at += piece_bytes) {
            parser.feed(std::string_view(input).substr(at, piece_bytes));
            while (const auto e = parser.next(ec))
                data_bytes += e->data.size();
        }
        CHECK(data_bytes == 8 * mebibyte);
        CHECK(parser.scanned_bytes() <= 2 * input.size());
    }
}

TEST_CASE("row 48: short lines of one kind of line end do not make the search for the other one quadratic")
{
    for (const char* const ends : {"\n\n", "\r\r", "\r\n\r\n"}) {
        CAPTURE(ends);
        const std::string input = repeated(std::string("data: x") + ends, 50'000);
        reader r;
        CHECK(r.feed(input).size() == 50'000);
        CHECK(r.parser.scanned_bytes() <= 2 * input.size());
    }
}

TEST_CASE("an event with one data line within one feed is a view of the fed bytes")
{
    const std::string input = "event: x\ndata: {\"a\":1}\n\n";
    event_stream_parser parser(1024);
    boost::system::error_code ec;
    parser.feed(input);
    const auto e = parser.next(ec);
    REQUIRE(e);
    CHECK(e->data.data() == input.data() + input.find('{'));
    CHECK(e->data == "{\"a\":1}");
    CHECK_FALSE(parser.next(ec));
}

TEST_CASE("what is incomplete at the end of a feed does not need the fed bytes any longer")
{
    reader r;
    CHECK(r.feed("event: name\nid: 1\ndata: some data that is too long for a small string\n").empty());
    CHECK(
        r.feed("\n") ==
        std::vector{event{.name = "name", .data = "some data that is too long for a small string", .id = "1"}}
    );
}

}  // namespace event_stream_parser_test
