# JUnit XML of all cases.
def attribute($name; $value): " \($name)=\"\($value | tostring | @html)\"";
def verdict:
  if .verdict == "failed" then "<failure>\(.message | @html)</failure>"
  elif .verdict == "skipped" then "<skipped>\(.message | @html)</skipped>"
  else "" end;
"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>",
(group_by(.ring)[]
  | "<testsuite" + attribute("name"; .[0].ring) + attribute("tests"; length)
    + attribute("failures"; map(select(.verdict == "failed")) | length)
    + attribute("skipped"; map(select(.verdict == "skipped")) | length) + ">",
    (.[] | "<testcase" + attribute("classname"; "\(.ring).\(.suite)") + attribute("name"; .name)
      + attribute("time"; .seconds) + ">" + verdict + "</testcase>"),
    "</testsuite>"),
"</testsuites>"
