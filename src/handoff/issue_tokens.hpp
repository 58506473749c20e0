#pragma once

#include <dedalus/stores/run_store.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace dedalus::handoff_engine {

/// Gives each call of the run that waits another token, and says which; the old ones work no more. Takes the run for as
/// long. Nothing when somebody else has it, nothing waits, or a decision came meanwhile. Throws store_error.
boost::asio::awaitable<std::map<stores::wait_key, std::string>>
issue_tokens(std::shared_ptr<run_store> store, std::string run_id, std::function<std::string()> make_token);

}  // namespace dedalus::handoff_engine
