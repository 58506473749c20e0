#include "protocol/event_stream_parser.hpp"
