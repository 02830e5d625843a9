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

    // What is to be done once before anything is measured, unless one operation will do.
    virtual void prepare() { run(1); }
};

// How to make a workload and how to measure it. Short measurements often fall between two of the
// kernel's clock ticks, so that the least of some is exact; others need a lead, in
// which what they leave behind gets to be as much as what is cleared away meanwhile.
struct Recipe {
    std::string name;
    long lead;
    long operations;
    int repetitions;
    std::function<std::unique_ptr<Workload>()> make;
    size_t stage = 0; // a later one may need so many sockets that the others are to be over
};

// Messages of the small workloads.
constexpr size_t MESSAGE = 16;

std::vector<Recipe> udp_recipes(const Path& path);
std::vector<Recipe> tcp_recipes(const Path& path);
std::vector<Recipe> thread_recipes(const Path& path);
std::vector<Recipe> icmp_recipes(const Path& path);
std::vector<Recipe> process_recipes(const Path& path);
