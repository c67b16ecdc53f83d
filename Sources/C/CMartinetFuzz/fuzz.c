#include "CMartinetFuzz.h"
