#pragma once

#include <dedalus/chat/completion.hpp>
#include <dedalus/parsed_completion.hpp>

#include <boost/asio/awaitable.hpp>

#include <utility>

namespace dedalus::detail {

/// Awaits an answer and reads its choices.
template <class T>
boost::asio::awaitable<parsed_completion<T>> parse_answer(boost::asio::awaitable<chat_completion> asking)
{
    chat_completion completion = co_await std::move(asking);
    parsed_completion<T> parsed = parse_completion<T>(std::move(completion));
    co_return parsed;
}

}  // namespace dedalus::detail
