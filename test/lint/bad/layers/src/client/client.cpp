#include <dedalus/testing/server.hpp>
#include "handoff/engine.hpp"
