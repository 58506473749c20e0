#include "protocol/event_stream_parser.hpp"

#include <dedalus/error.hpp>

#include "support/ascii.hpp"

#include <boost/assert.hpp>

#include <algorithm>
#include <cstring>
#include <limits>

namespace dedalus::protocol {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view data_prefix = "data:";
constexpr std::size_t longest_field_name = 5;
constexpr std::size_t max_kept_capacity = 64 * 1024;

void clear(std::string& text) noexcept
{
    if (text.capacity() > max_kept_capacity)
        std::string().swap(text);
    else
        text.clear();
}

std::string_view without_leading_space(std::string_view value) noexcept
{
    if (value.starts_with(' '))
        value.remove_prefix(1);
    return value;
}

std::optional<std::uint64_t> with_digit(std::uint64_t value, char c) noexcept
{
    constexpr auto max = std::numeric_limits<std::uint64_t>::max();
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (!support::ascii_is_digit(c) || value > (max - digit) / 10)
        return std::nullopt;
    return value * 10 + digit;
}

}  // namespace

void event_stream_parser::feed(std::string_view bytes)
{
    BOOST_ASSERT(position_ == input_.size() || failed_);
    input_ = bytes;
    position_ = 0;
    next_lf_ = find('\n', 0);
    next_cr_ = find('\r', 0);
}

std::optional<server_event> event_stream_parser::next(boost::system::error_code& ec)
{
    ec.clear();
    if (delivered_)
        begin_event();
    if (mark_possible_ && !failed_)
        mark_possible_ = skip_byte_order_mark();
    if (take_whole_event())
        return deliver();

    while (position_ < input_.size() && !failed_) {
        if (swallow_lf_) {
            swallow_lf_ = false;
            if (input_[position_] == '\n') {
                ++position_;
                continue;
            }
        }
        const std::size_t end = line_end();
        const std::string_view piece = input_.substr(position_, end - position_);
        if (end == input_.size()) {
            position_ = end;
            extend_line(piece);
            break;
        }
        position_ = end + 1;
        swallow_lf_ = input_[end] == '\r';
        if (line_begun_ || !piece.empty()) {
            if (!take_data_line(piece)) {
                extend_line(piece);
                end_line();
            }
            failed_ = failed_ || held_bytes() > max_event_bytes_;
        }
        else if (has_data_) {
            return deliver();
        }
        else {
            clear(name_);
        }
    }

    if (failed_) {
        ec = errc::limit_exceeded;
        return std::nullopt;
    }
    keep_data();
    return std::nullopt;
}

std::size_t event_stream_parser::buffered_bytes() const noexcept
{
    return data_.capacity() + name_.capacity() + id_.capacity() + pending_id_.capacity() + field_name_.capacity();
}

event_stream_parser::field_kind event_stream_parser::kind_of(std::string_view name) noexcept
{
    if (name == "data")
        return field_kind::data;
    if (name == "event")
        return field_kind::event;
    if (name == "id")
        return field_kind::id;
    if (name == "retry")
        return field_kind::retry;
    return field_kind::ignored;
}

std::size_t event_stream_parser::find(char c, std::size_t from) noexcept
{
    const std::size_t found = std::min(input_.find(c, from), input_.size());
    scanned_bytes_ += found - from;
    return found;
}

std::size_t event_stream_parser::line_end() noexcept
{
    // An event ends with an empty line: half of all lines need no search.
    if (next_lf_ < position_)
        next_lf_ = input_[position_] == '\n' ? position_ : find('\n', position_);
    if (next_cr_ < position_)
        next_cr_ = find('\r', position_);
    return std::min(next_lf_, next_cr_);
}

// Returns whether the next bytes may still be a part of the mark.
bool event_stream_parser::skip_byte_order_mark()
{
    while (position_ < input_.size() && mark_bytes_ < byte_order_mark.size()) {
        if (input_[position_] != byte_order_mark[mark_bytes_]) {
            extend_line(byte_order_mark.substr(0, mark_bytes_));
            return false;
        }
        ++position_;
        ++mark_bytes_;
    }
    return mark_bytes_ < byte_order_mark.size();
}

// The case that counts: the first data line of an event, whole in the input, is not copied.
bool event_stream_parser::take_data_line(std::string_view line) noexcept
{
    if (line_begun_ || has_data_ || !line.starts_with(data_prefix))
        return false;
    data_view_ = without_leading_space(line.substr(data_prefix.size()));
    data_in_input_ = true;
    has_data_ = true;
    return true;
}

// An event of one data line that lies whole in the input, with its empty line: what all but one event of a read are,
// for two thirds of the instructions of going line by line.
bool event_stream_parser::take_whole_event() noexcept
{
    if (line_begun_ || has_data_ || swallow_lf_ || failed_ || position_ == input_.size())
        return false;
    const std::size_t end = line_end();
    if (!input_.substr(end).starts_with("\n\n") || !take_data_line(input_.substr(position_, end - position_)))
        return false;
    position_ = end + 2;
    failed_ = held_bytes() > max_event_bytes_;
    return !failed_;
}

void event_stream_parser::extend_line(std::string_view piece)
{
    line_begun_ = line_begun_ || !piece.empty();
    while (kind_ == field_kind::undecided && !piece.empty()) {
        const char c = piece.front();
        piece.remove_prefix(1);
        if (c == ':')
            decide(kind_of(field_name_));
        else if (field_name_.size() == longest_field_name)
            decide(field_kind::ignored);
        else
            field_name_ += c;
    }
    if (piece.empty() || kind_ == field_kind::ignored)
        return;
    if (!value_begun_) {
        value_begun_ = true;
        piece = without_leading_space(piece);
    }
    extend_value(piece);
}

void event_stream_parser::decide(field_kind kind)
{
    kind_ = kind;
    if (kind == field_kind::data) {
        keep_data();
        if (has_data_)
            data_ += '\n';
        has_data_ = true;
    }
    else if (kind == field_kind::event) {
        clear(name_);
    }
}

void event_stream_parser::extend_value(std::string_view piece)
{
    if (!value_valid_)
        return;
    if (kind_ == field_kind::id) {
        const std::size_t nul = piece.find('\0');
        value_valid_ = nul == std::string_view::npos;
        piece = piece.substr(0, nul);
    }
    if (kind_ != field_kind::retry && piece.size() > room()) {
        failed_ = true;
        return;
    }
    switch (kind_) {
    case field_kind::data:
        data_.append(piece);
        break;
    case field_kind::event:
        name_.append(piece);
        break;
    case field_kind::id:
        pending_id_.append(piece);
        break;
    case field_kind::retry:
        for (const char c : piece) {
            pending_retry_ = with_digit(pending_retry_.value_or(0), c);
            value_valid_ = pending_retry_.has_value();
            if (!value_valid_)
                break;
        }
        break;
    case field_kind::undecided:
    case field_kind::ignored:
        break;
    }
}

void event_stream_parser::end_line()
{
    if (kind_ == field_kind::undecided)
        decide(kind_of(field_name_));
    if (kind_ == field_kind::id && value_valid_)
        id_ = pending_id_;
    if (kind_ == field_kind::retry && value_valid_ && pending_retry_)
        retry_ = pending_retry_;
    line_begun_ = false;
    kind_ = field_kind::undecided;
    field_name_.clear();
    value_begun_ = false;
    clear(pending_id_);
    pending_retry_.reset();
    value_valid_ = true;
}

server_event event_stream_parser::deliver()
{
    delivered_ = true;
    return {name_, data(), id_, retry_};
}

void event_stream_parser::begin_event() noexcept
{
    delivered_ = false;
    has_data_ = false;
    data_in_input_ = false;
    data_view_ = {};
    retry_.reset();
    clear(data_);
    clear(name_);
}

// Takes the data out of bytes that may be gone at the next call, or that more is appended to.
void event_stream_parser::keep_data()
{
    if (data_in_input_) {
        data_.assign(data_view_);
        data_view_ = {};
        data_in_input_ = false;
    }
}

std::size_t event_stream_parser::held_bytes() const noexcept
{
    return data().size() + name_.size() + id_.size() + pending_id_.size();
}

std::size_t event_stream_parser::room() const noexcept
{
    return max_event_bytes_ - std::min(held_bytes(), max_event_bytes_);
}

}  // namespace dedalus::protocol
