#include "codec/parse_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse_options.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value_stack.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace dedalus::codec {

namespace json = boost::json;

namespace {

using boost::system::error_code;

/// Builds the value as json::parse does, but for floating-point numbers: those it rounds wrongly in the last digit, one
/// in ten of those with 17 digits, so that what is read and written again would not be the same.
class value_builder
{
public:
    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    explicit value_builder(json::storage_ptr storage) : stack_({}, buffer_.data(), buffer_.size())
    {
        stack_.reset(std::move(storage));
    }

    json::value release() { return stack_.release(); }

    bool on_document_begin(error_code&) { return true; }

    bool on_document_end(error_code&) { return true; }

    bool on_object_begin(error_code&) { return true; }

    bool on_array_begin(error_code&) { return true; }

    bool on_comment_part(json::string_view, error_code&) { return true; }

    bool on_comment(json::string_view, error_code&) { return true; }

    bool on_number_part(json::string_view, error_code&) { return true; }

    bool on_object_end(std::size_t size, error_code&)
    {
        stack_.push_object(size);
        return true;
    }

    bool on_array_end(std::size_t size, error_code&)
    {
        stack_.push_array(size);
        return true;
    }

    bool on_key_part(json::string_view text, std::size_t, error_code&)
    {
        stack_.push_chars(text);
        return true;
    }

    bool on_key(json::string_view text, std::size_t, error_code&)
    {
        stack_.push_key(text);
        return true;
    }

    bool on_string_part(json::string_view text, std::size_t, error_code&)
    {
        stack_.push_chars(text);
        return true;
    }

    bool on_string(json::string_view text, std::size_t, error_code&)
    {
        stack_.push_string(text);
        return true;
    }

    bool on_int64(std::int64_t number, json::string_view, error_code&)
    {
        stack_.push_int64(number);
        return true;
    }

    bool on_uint64(std::uint64_t number, json::string_view, error_code&)
    {
        stack_.push_uint64(number);
        return true;
    }

    bool on_double(double number, json::string_view text, error_code&)
    {
        // Out of range it leaves the number as it is: infinite or zero.
        std::from_chars(text.data(), text.data() + text.size(), number);
        stack_.push_double(number);
        return true;
    }

    bool on_bool(bool value, error_code&)
    {
        stack_.push_bool(value);
        return true;
    }

    bool on_null(error_code&)
    {
        stack_.push_null();
        return true;
    }

private:
    // Room for the values of a usual chunk without an allocation. Before the stack, which uses it.
    std::array<unsigned char, 4096> buffer_;
    json::value_stack stack_;
};

}  // namespace

json::value parse_json(std::string_view text, error_code& ec, json::storage_ptr storage, std::size_t max_depth)
{
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<value_builder> parser(options, std::move(storage));
    const std::size_t parsed = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec.failed() && parsed < text.size())
        ec = json::error::extra_data;
    return ec.failed() ? json::value() : parser.handler().release();
}

}  // namespace dedalus::codec
