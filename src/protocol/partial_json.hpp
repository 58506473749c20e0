#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace dedalus::protocol {

/// A JSON text that comes in pieces, as the value that is there so far.
///
/// The value grows in place: its cost is linear in the text, however the text is split. Open arrays and objects are
/// shown; a string is shown from its first character on, as far as whole characters came; a number or literal is shown
/// when it ended, a member when its value is shown. Of equal names the last value counts. A piece may end anywhere,
/// also inside of a character or an escape.
class partial_json
{
public:
    /// Nesting above it is a failure, as in codec::parse_json().
    static constexpr std::size_t max_depth = 128;

    /// @param max_bytes  a longer text is a failure.
    /// @param storage  where the value lives.
    explicit partial_json(std::size_t max_bytes = 16 * 1024 * 1024, boost::json::storage_ptr storage = {});
    ~partial_json();
    partial_json(partial_json&&) noexcept;
    partial_json& operator=(partial_json&&) noexcept;

    /// The next piece. What is not JSON is no error of the caller: it shows in failed().
    void push(std::string_view piece);

    /// The text ended: a number at its end is whole now, and a text that is not a whole document has failed.
    void finish();

    /// The value so far; null while there is none, and when the text has failed. The pointer stays the same from the
    /// first value on.
    const boost::json::value* value() const noexcept;

    /// Whether the text is not JSON, too long or too deep. It stays so.
    bool failed() const noexcept;

    /// Whether the text so far is a whole document; only white space may follow. A number that is not inside of
    /// anything is whole after finish().
    bool complete() const noexcept;

    /// Bytes pushed.
    std::size_t size() const noexcept;

    /// Pushes what is new in a text that grows.
    void push_rest_of(std::string_view text);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace dedalus::protocol
