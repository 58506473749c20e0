#include "protocol/partial_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse_options.hpp>
#include <boost/json/string.hpp>
#include <boost/json/string_view.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dedalus::protocol {

namespace json = boost::json;

namespace {

// Handler of json::basic_parser: puts each thing where it belongs as soon as it is known.
class live_value
{
public:
    using error_code = boost::system::error_code;

    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();

    explicit live_value(json::storage_ptr storage) : storage_(std::move(storage)), root_(storage_) {}

    const json::value* get() const noexcept { return has_root_ ? &root_ : nullptr; }

    void clear()
    {
        has_root_ = false;
        open_.clear();
        text_ = nullptr;
        root_ = json::value(storage_);
    }

    bool on_document_begin(error_code&) { return true; }

    bool on_document_end(error_code&) { return true; }

    bool on_array_begin(error_code&) { return open(json::value(json::array_kind, storage_)); }

    bool on_array_end(std::size_t, error_code&) { return close(); }

    bool on_object_begin(error_code&) { return open(json::value(json::object_kind, storage_)); }

    bool on_object_end(std::size_t, error_code&) { return close(); }

    bool on_string_part(json::string_view part, std::size_t, error_code&)
    {
        if (text_ == nullptr)
            text_ = &place(json::value(json::string_kind, storage_)).get_string();
        text_->append(part);
        return true;
    }

    bool on_string(json::string_view part, std::size_t size, error_code& ec)
    {
        on_string_part(part, size, ec);
        text_ = nullptr;
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, error_code&)
    {
        name_.append(part.data(), part.size());
        return true;
    }

    bool on_key(json::string_view part, std::size_t size, error_code& ec) { return on_key_part(part, size, ec); }

    bool on_number_part(json::string_view, error_code&) { return true; }

    bool on_int64(std::int64_t number, json::string_view, error_code&) { return add(number); }

    bool on_uint64(std::uint64_t number, json::string_view, error_code&) { return add(number); }

    bool on_double(double number, json::string_view, error_code&) { return add(number); }

    bool on_bool(bool value, error_code&) { return add(value); }

    bool on_null(error_code&) { return add(nullptr); }

    bool on_comment_part(json::string_view, error_code&) { return true; }

    bool on_comment(json::string_view, error_code&) { return true; }

private:
    // An open container does not change while one inside of it is open, so what it holds stays where it is.
    json::value& place(json::value value)
    {
        if (open_.empty()) {
            root_ = std::move(value);
            has_root_ = true;
            return root_;
        }
        if (json::array* const list = open_.back()->if_array())
            return list->emplace_back(std::move(value));
        json::value& member = open_.back()->get_object()[name_];
        name_.clear();
        member = std::move(value);
        return member;
    }

    template <class Scalar>
    bool add(Scalar scalar)
    {
        place(json::value(scalar, storage_));
        return true;
    }

    bool open(json::value container)
    {
        open_.push_back(&place(std::move(container)));
        return true;
    }

    bool close()
    {
        open_.pop_back();
        return true;
    }

    json::storage_ptr storage_;
    json::value root_;
    bool has_root_ = false;
    std::vector<json::value*> open_{};
    json::string* text_ = nullptr;  // the string that may go on
    std::string name_{};            // of the next member
};

json::parse_options options()
{
    json::parse_options result;
    result.max_depth = partial_json::max_depth;
    return result;
}

}  // namespace

class partial_json::impl
{
public:
    impl(std::size_t max_bytes, json::storage_ptr storage)
        : max_bytes_(max_bytes), parser_(options(), std::move(storage))
    {}

    void push(std::string_view piece)
    {
        size_ += piece.size();
        if (failed_ || piece.empty())
            return;
        boost::system::error_code ec;
        if (size_ > max_bytes_ || parser_.write_some(true, piece.data(), piece.size(), ec) < piece.size() || ec)
            fail();
    }

    void finish()
    {
        boost::system::error_code ec;
        if (failed_)
            return;
        parser_.write_some(false, "", 0, ec);
        if (ec)
            fail();
    }

    const json::value* value() const noexcept { return parser_.handler().get(); }

    bool failed() const noexcept { return failed_; }

    bool complete() const noexcept { return !failed_ && parser_.done(); }

    std::size_t size() const noexcept { return size_; }

private:
    void fail()
    {
        failed_ = true;
        parser_.handler().clear();
    }

    std::size_t max_bytes_;
    std::size_t size_ = 0;
    bool failed_ = false;
    json::basic_parser<live_value> parser_;
};

partial_json::partial_json(std::size_t max_bytes, json::storage_ptr storage)
    : impl_(std::make_unique<impl>(max_bytes, std::move(storage)))
{}

partial_json::~partial_json() = default;
partial_json::partial_json(partial_json&&) noexcept = default;
partial_json& partial_json::operator=(partial_json&&) noexcept = default;

void partial_json::push(std::string_view piece)
{
    impl_->push(piece);
}

void partial_json::push_rest_of(std::string_view text)
{
    if (text.size() > size())
        push(text.substr(size()));
}

void partial_json::finish()
{
    impl_->finish();
}

const json::value* partial_json::value() const noexcept
{
    return impl_->value();
}

bool partial_json::failed() const noexcept
{
    return impl_->failed();
}

bool partial_json::complete() const noexcept
{
    return impl_->complete();
}

std::size_t partial_json::size() const noexcept
{
    return impl_->size();
}

}  // namespace dedalus::protocol
