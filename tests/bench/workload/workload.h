// What is measured: a workload repeats one operation.
#pragma once

#include "socket.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

// The two ends between which packets travel; the same place twice on loopback.
struct Path {
    std::string name;
    Place client;
    Place server;
    int family;
};

class Workload {
public:
    virtual ~Workload() = default;
    virtual void run(long operations) = 0;
};

// How to make a workload, and how often its operation is repeated in one measurement.
struct Recipe {
    std::string name;
    long operations;
    std::function<std::unique_ptr<Workload>()> make;
};

// Messages of the small workloads.
constexpr size_t MESSAGE = 16;

std::vector<Recipe> udp_recipes(const Path& path);
std::vector<Recipe> tcp_recipes(const Path& path);
std::vector<Recipe> thread_recipes(const Path& path);
std::vector<Recipe> icmp_recipes(const Path& path);
