// SPDX-License-Identifier: GPL-2.0-only
// A client whose kernel is a script.
#pragma once

#include "client.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>

namespace netatop::test {

class WithClient : public ::testing::Test {
protected:
    // A client that has found its family and gets these answers to its requests.
    Client client(std::vector<Bytes> answers = {}) {
        answers.insert(answers.begin(), family());
        kernel.script(std::move(answers));
        auto opened = Client::open(kernel.connect());
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().text);
        return *std::move(opened);
    }

    FakeKernel kernel;
};

} // namespace netatop::test
