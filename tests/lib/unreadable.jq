# The case that stands for a result file that is not JSON.
{suite: null, name: $file, verdict: "failed", seconds: 0, message: "cannot be read"}
