#pragma once

#include <dedalus/stores/run_store.hpp>

#include "runs_program/arguments.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <stdexcept>

namespace dedalus::runs_program {

/// What was asked for cannot be done. what() tells why.
class refused : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// Does what the arguments say and prints what comes of it. Throws refused, store_error and config_error.
boost::asio::awaitable<void> run_command(arguments what, std::shared_ptr<run_store> store);

}  // namespace dedalus::runs_program
