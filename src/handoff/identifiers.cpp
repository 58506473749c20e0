#include "handoff/identifiers.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace dedalus::handoff_engine {

namespace {

// Straight from the system's randomness: ids have to differ between processes and machines.
std::string random_uuid()
{
    return boost::uuids::to_string(boost::uuids::random_generator()());
}

}  // namespace

std::string make_run_id()
{
    return "run_" + random_uuid();
}

std::string make_inbox_id()
{
    return "post_" + random_uuid();
}

std::string make_import_id()
{
    return "import_" + random_uuid();
}

std::string make_fork_id()
{
    return "fork_" + random_uuid();
}

std::string make_owner_id()
{
    return "owner_" + random_uuid();
}

std::string make_wait_token()
{
    return "token_" + random_uuid();
}

std::string make_call_id()
{
    return "call_" + random_uuid();
}

}  // namespace dedalus::handoff_engine
