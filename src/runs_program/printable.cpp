#include "runs_program/printable.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace dedalus::runs_program {

namespace {

/// A character of UTF-8, or a byte that is none.
struct character
{
    char32_t code = 0;
    std::size_t size = 1;
    bool valid = false;
};

character first_character(std::string_view text)
{
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return {lead, 1, true};
    constexpr std::array<std::pair<unsigned char, char32_t>, 3> leads{{{0xc0, 0x80}, {0xe0, 0x800}, {0xf0, 0x10000}}};
    std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size)
        return {lead, 1, false};
    const auto [mark, least] = leads[size - 2];
    char32_t code = static_cast<unsigned char>(lead ^ mark);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80)
            return {lead, 1, false};
        code = code << 6 | (byte(i) & 0x3fU);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return {lead, 1, false};
    return {code, size, true};
}

// Of no shape of its own: controls, and what turns the direction of the text around it.
bool is_hidden(char32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

std::string escape(const character& c)
{
    char text[16];
    const char* form = c.valid && c.code > 0xff ? "\\u%04x" : "\\x%02x";
    std::snprintf(text, sizeof(text), form, static_cast<unsigned>(c.code));
    return text;
}

template <class Write>
std::string written(std::string_view text, std::size_t most, Write write)
{
    std::string out;
    std::size_t place = 0;
    while (place < text.size()) {
        const character c = first_character(text.substr(place));
        if (place + c.size > most)
            break;
        write(out, c, text.substr(place, c.size));
        place += c.size;
    }
    if (place < text.size())
        out += " ... (" + std::to_string(text.size()) + " bytes)";
    return out;
}

}  // namespace

std::string plain(std::string_view text, std::size_t most)
{
    return written(text, most, [](std::string& out, const character& c, std::string_view bytes) {
        if (c.code == '\n')
            out += "\\n";
        else if (!c.valid || is_hidden(c.code))
            out += escape(c);
        else
            out += bytes;
    });
}

std::string html(std::string_view text, std::size_t most)
{
    return written(text, most, [](std::string& out, const character& c, std::string_view bytes) {
        if (c.code == '&')
            out += "&amp;";
        else if (c.code == '<')
            out += "&lt;";
        else if (c.code == '>')
            out += "&gt;";
        else if (c.code == '"')
            out += "&quot;";
        else if (c.code == '\'')
            out += "&#39;";
        else if (c.valid && (c.code == '\n' || c.code == '\t'))
            out += bytes;
        else if (!c.valid || is_hidden(c.code))
            out += escape(c);
        else
            out += bytes;
    });
}

std::string shortened(std::string_view text, std::size_t characters)
{
    std::size_t place = 0;
    for (std::size_t n = 0; place < text.size(); ++n) {
        if (n + 1 == characters && place + first_character(text.substr(place)).size < text.size())
            return std::string(text.substr(0, place)) + "\xe2\x80\xa6";
        place += first_character(text.substr(place)).size;
    }
    return std::string(text);
}

std::string duration_text(std::chrono::microseconds duration)
{
    const std::int64_t micros = duration.count();
    if (micros < 0)
        return "-" + duration_text(-duration);
    const auto seconds = static_cast<double>(micros) / 1e6;
    const auto whole = static_cast<long long>(micros / 1000000);
    char text[64];
    if (micros < 10000)
        std::snprintf(text, sizeof(text), "%.1f ms", seconds * 1000);
    else if (micros < 1000000)
        std::snprintf(text, sizeof(text), "%.0f ms", seconds * 1000);
    else if (whole < 60)
        std::snprintf(text, sizeof(text), "%.2f s", seconds);
    else if (whole < 3600)
        std::snprintf(text, sizeof(text), "%lld min %02lld s", whole / 60, whole % 60);
    else if (whole < 86400)
        std::snprintf(text, sizeof(text), "%lld h %02lld min", whole / 3600, whole % 3600 / 60);
    else
        std::snprintf(text, sizeof(text), "%lld d %02lld h", whole / 86400, whole % 86400 / 3600);
    return text;
}

std::string time_text(stores::time_point time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
    char text[64];
    std::snprintf(
        text,
        sizeof(text),
        "%04d-%02u-%02u %02d:%02d:%02d.%03d UTC",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count())
    );
    return text;
}

}  // namespace dedalus::runs_program
