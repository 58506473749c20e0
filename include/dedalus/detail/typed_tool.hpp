#pragma once

#include <dedalus/detail/json_path.hpp>
#include <dedalus/detail/typed_reader.hpp>
#include <dedalus/handoff/tool_context.hpp>
#include <dedalus/parse_error.hpp>
#include <dedalus/schema/write_json.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace dedalus::detail {

template <class Arguments, class Result>
struct tool_signature_of
{
    using arguments = std::remove_cvref_t<Arguments>;
    using result = Result;
};

/// What a handler takes and gives. Without members: it is no handler, or has several call operators.
template <class Handler>
struct tool_signature
{};

template <class R, class A>
struct tool_signature<boost::asio::awaitable<R> (*)(A, tool_context&)> : tool_signature_of<A, R>
{};

template <class H, class R, class A>
struct tool_signature<boost::asio::awaitable<R> (H::*)(A, tool_context&)> : tool_signature_of<A, R>
{};

template <class H, class R, class A>
struct tool_signature<boost::asio::awaitable<R> (H::*)(A, tool_context&) const> : tool_signature_of<A, R>
{};

template <class Handler>
requires requires
{
    &Handler::operator();
}

struct tool_signature<Handler> : tool_signature<decltype(&Handler::operator())>
{};

/// awaitable<Result>(Arguments, tool_context&), as a function, a lambda or another function object.
template <class Handler>
concept typed_handler = requires
{
    typename tool_signature<Handler>::arguments;
};

template <class Result, class Handler, class Arguments>
boost::asio::awaitable<boost::json::value>
run_typed_tool(std::shared_ptr<Handler> handler, Arguments arguments, tool_context& context)
{
    boost::asio::awaitable<Result> running = (*handler)(std::move(arguments), context);
    if constexpr (std::is_void_v<Result>) {
        co_await std::move(running);
        co_return boost::json::value("ok");
    }
    else {
        const Result result = co_await std::move(running);
        co_return write_json(result);
    }
}

/// A handler of described arguments in the form of tool_handler. The handler lives as long as a call of it runs: the
/// coroutine of a lambda refers to the lambda.
template <typed_handler Handler>
class typed_tool
{
public:
    using arguments_type = typename tool_signature<Handler>::arguments;
    using result_type = typename tool_signature<Handler>::result;

    explicit typed_tool(Handler handler) : handler_(std::make_shared<Handler>(std::move(handler))) {}

    boost::asio::awaitable<boost::json::value> operator()(boost::json::object arguments, tool_context& context) const
    {
        return run_typed_tool<result_type>(handler_, read(arguments), context);
    }

    /// What is wrong with the arguments; "" when they are right.
    static std::string check(const boost::json::object& arguments)
    {
        try {
            read(arguments);
            return {};
        }
        catch (const validation_error& e) {
            return e.path() + ": " + e.problem();
        }
    }

private:
    static arguments_type read(const boost::json::object& from)
    {
        arguments_type arguments{};
        typed_reader::read_record(from, arguments, json_path());
        return arguments;
    }

    std::shared_ptr<Handler> handler_;
};

}  // namespace dedalus::detail
