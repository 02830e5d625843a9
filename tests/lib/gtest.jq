# The cases in a result file of gtest; nothing of any other file. $again: those of a second try.
if type == "object" and has("testsuites") then
  .testsuites[].testsuite[]
  | select(.status == "RUN")
  | {
      suite: .classname,
      name: (.name + (if .value_param then " (" + .value_param + ")" else "" end)),
      verdict: (if .failures then "failed" elif .result == "SKIPPED" then "skipped" else "passed" end),
      $again,
      seconds: ((.time // "0s") | rtrimstr("s") | tonumber),
      message: ([(.failures // [])[].failure] | join("\n"))
    }
else empty end
