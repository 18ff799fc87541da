#pragma once

#include <webhooks/testing/catch.hpp>
