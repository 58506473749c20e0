#include "testing/raw_members.hpp"

#include <algorithm>
#include <cstddef>

namespace dedalus::testing {
namespace {

/// Walks over text that is known to be valid JSON.
class walker
{
public:
    explicit walker(std::string_view text) : text_(text) {}

    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    void skip_one() { ++at_; }

    bool at_end() const { return at_ >= text_.size(); }

    char current() const { return text_[at_]; }

    std::string_view take_value()
    {
        const std::size_t begin = at_;
        if (current() == '"')
            skip_string();
        else if (current() == '{' || current() == '[')
            skip_nested();
        else
            at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
        return text_.substr(begin, at_ - begin);
    }

private:
    void skip_string()
    {
        for (++at_; text_[at_] != '"'; ++at_)
            if (text_[at_] == '\\')
                ++at_;
        ++at_;
    }

    void skip_nested()
    {
        std::size_t depth = 0;
        do {
            const char c = current();
            if (c == '"') {
                skip_string();
                continue;
            }
            if (c == '{' || c == '[')
                ++depth;
            if (c == '}' || c == ']')
                --depth;
            ++at_;
        } while (depth > 0);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> raw_members(std::string_view text)
{
    std::vector<std::pair<std::string_view, std::string_view>> members;
    walker walk(text);
    walk.skip_space();
    walk.skip_one();
    walk.skip_space();
    while (!walk.at_end() && walk.current() == '"') {
        const std::string_view quoted = walk.take_value();
        walk.skip_space();
        walk.skip_one();
        walk.skip_space();
        const std::string_view value = walk.take_value();
        members.emplace_back(quoted.substr(1, quoted.size() - 2), value);
        walk.skip_space();
        if (!walk.at_end() && walk.current() == ',')
            walk.skip_one();
        walk.skip_space();
    }
    return members;
}

}  // namespace dedalus::testing
