#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dedalus::protocol {

/// One event of a stream. The views are valid until the next call on the parser.
struct server_event
{
    std::string_view name;               ///< `event`; "" means "message"
    std::string_view data;               ///< `data` lines, joined by LF
    std::string_view id;                 ///< the `id` in force, which may come from an earlier event
    std::optional<std::uint64_t> retry;  ///< the last `retry` since the event before, milliseconds
};

/// Cuts the body of a text/event-stream answer into events, as the WHATWG text says. What comes out does not depend on
/// how the bytes were cut, and an event comes out as soon as its last byte is in.
///
/// What stands at the end of the input without its empty line is not an event: just stop calling.
class event_stream_parser
{
public:
    /// @param max_event_bytes  largest sum of data, name and id that is held for one event.
    explicit event_stream_parser(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

    /// Gives the next bytes. They are viewed, not copied, and must stay valid until next() has returned nothing.
    /// Precondition: starved().
    void feed(std::string_view bytes);

    /// The next complete event, or nothing when more bytes are needed. `ec` is errc::limit_exceeded, now and on every
    /// later call, when an event is larger than the limit. An event with one data line that lies within the bytes of
    /// one feed() is a view of them; what is not complete at their end is copied.
    std::optional<server_event> next(boost::system::error_code& ec);

    /// Whether next() would give nothing, because all bytes were looked at.
    bool starved() const noexcept { return position_ == input_.size(); }

    /// Bytes held for the event that is not complete yet, and room kept for later ones.
    std::size_t buffered_bytes() const noexcept;

    /// Bytes looked at so far in search of line ends. A measure of work that a test can hold against the input size.
    std::uint64_t scanned_bytes() const noexcept { return scanned_bytes_; }

private:
    enum class field_kind
    {
        undecided,  // the colon has not come yet
        ignored,    // a comment or an unknown field: nothing of it is kept
        data,
        event,
        id,
        retry,
    };

    static field_kind kind_of(std::string_view name) noexcept;

    std::size_t find(char c, std::size_t from) noexcept;
    std::size_t line_end() noexcept;
    bool skip_byte_order_mark();

    void extend_line(std::string_view piece);
    void decide(field_kind kind);
    void extend_value(std::string_view piece);
    void end_line();
    bool take_data_line(std::string_view line) noexcept;
    bool take_whole_event() noexcept;

    server_event deliver();
    void begin_event() noexcept;
    void keep_data();
    std::size_t held_bytes() const noexcept;
    std::size_t room() const noexcept;

    std::string_view data() const noexcept { return data_in_input_ ? data_view_ : std::string_view(data_); }

    std::size_t max_event_bytes_;
    bool failed_ = false;
    std::uint64_t scanned_bytes_ = 0;

    // The bytes of the last feed(). The next line ends are remembered so that no byte is searched twice.
    std::string_view input_;
    std::size_t position_ = 0;
    std::size_t next_lf_ = 0;
    std::size_t next_cr_ = 0;
    bool swallow_lf_ = false;     // the last line ended with CR
    std::size_t mark_bytes_ = 0;  // of a byte-order mark at the start of the body
    bool mark_possible_ = true;

    // The line that has begun.
    bool line_begun_ = false;
    field_kind kind_ = field_kind::undecided;
    std::string field_name_;    // while undecided: never longer than the longest known name
    bool value_begun_ = false;  // the optional space after the colon is dealt with
    std::string pending_id_;
    std::optional<std::uint64_t> pending_retry_;
    bool value_valid_ = true;

    // The event that has begun.
    bool delivered_ = false;  // reset at the next call, because the caller still looks at the views
    bool has_data_ = false;
    bool data_in_input_ = false;
    std::string_view data_view_;
    std::string data_;
    std::string name_;
    std::string id_;
    std::optional<std::uint64_t> retry_;
};

}  // namespace dedalus::protocol
