#include "codec/raw_json.hpp"

#include "codec/parse_json.hpp"

#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cstddef>

namespace dedalus::codec {

namespace {

constexpr std::string_view white_space = " \t\n\r";

class raw_scanner
{
public:
    explicit raw_scanner(std::string_view text) noexcept : rest_(text) {}

    /// Takes this character, after white space, if it comes next.
    bool take(char expected) noexcept
    {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(white_space), rest_.size()));
        if (!rest_.starts_with(expected))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// Takes the value that comes next, after white space; "" when there is none.
    std::string_view take_value() noexcept
    {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(white_space), rest_.size()));
        const std::size_t length = value_length();
        const std::string_view value = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return value;
    }

private:
    std::size_t value_length() const noexcept
    {
        if (rest_.starts_with('"'))
            return string_end(0);
        if (rest_.starts_with('{') || rest_.starts_with('['))
            return nested_end();
        return std::min(rest_.find_first_of(" \t\n\r,]}"), rest_.size());
    }

    // One past the closing quote of the string that begins at `begin`.
    std::size_t string_end(std::size_t begin) const noexcept
    {
        for (std::size_t i = begin + 1; i < rest_.size(); ++i) {
            if (rest_[i] == '\\')
                ++i;
            else if (rest_[i] == '"')
                return i + 1;
        }
        return rest_.size();
    }

    // One past the bracket that closes the first one. Brackets of valid JSON match, so that one count is enough.
    std::size_t nested_end() const noexcept
    {
        std::size_t depth = 0;
        for (std::size_t i = rest_.find_first_of("{}[]\""); i < rest_.size(); i = rest_.find_first_of("{}[]\"", i)) {
            if (rest_[i] == '"') {
                i = string_end(i);
                continue;
            }
            depth += rest_[i] == '{' || rest_[i] == '[' ? 1 : std::size_t(-1);
            ++i;
            if (depth == 0)
                return i;
        }
        return rest_.size();
    }

    std::string_view rest_;
};

std::string unescaped(std::string_view quoted)
{
    boost::system::error_code ec;
    const boost::json::value text = parse_json(quoted, ec);
    return text.is_string() ? std::string(text.get_string()) : std::string();
}

bool is_key(std::string_view quoted, std::string_view key)
{
    if (quoted.find('\\') == std::string_view::npos)
        return quoted.size() == key.size() + 2 && quoted.substr(1, key.size()) == key;
    return unescaped(quoted) == key;
}

// Calls `take(quoted name, value)` for each member.
template <class Take>
void for_each_member(std::string_view object_text, Take take)
{
    raw_scanner scanner(object_text);
    if (!scanner.take('{'))
        return;
    do {
        const std::string_view quoted = scanner.take_value();
        if (!scanner.take(':'))
            return;
        take(quoted, scanner.take_value());
    } while (scanner.take(','));
}

}  // namespace

std::optional<std::string_view> raw_member(std::string_view object_text, std::string_view key)
{
    std::optional<std::string_view> found;
    for_each_member(object_text, [&](std::string_view quoted, std::string_view value) {
        if (is_key(quoted, key))
            found = value;
    });
    return found;
}

std::map<std::string, std::string, std::less<>> raw_members(std::string_view object_text)
{
    std::map<std::string, std::string, std::less<>> members;
    for_each_member(object_text, [&members](std::string_view quoted, std::string_view value) {
        members.insert_or_assign(unescaped(quoted), std::string(value));
    });
    return members;
}

std::vector<std::string_view> raw_elements(std::string_view array_text)
{
    raw_scanner scanner(array_text);
    std::vector<std::string_view> elements;
    if (!scanner.take('['))
        return elements;
    do {
        const std::string_view element = scanner.take_value();
        if (element.empty())
            return elements;
        elements.push_back(element);
    } while (scanner.take(','));
    return elements;
}

}  // namespace dedalus::codec
