-- strings.lua - patterns, packing, utf8, tables with metatables, the collector, loading chunks.
local text = ("the quick brown fox jumps over the lazy dog; "):rep(200)
local count = {}
for word in text:gmatch("%a+") do count[word] = (count[word] or 0) + 1 end
local words = {}
for word, n in pairs(count) do words[#words + 1] = word .. "=" .. n end
table.sort(words)
print(table.concat(words, " "))
print(text:find("lazy", 1, true), text:find("(%a+) dog"), text:match("^(%w+)%s+(%w+)"))
print(("abc"):gsub("%w", "%0%0"), ("hello world"):gsub("o", { o = "0" }), ("abc"):gsub("", "-"))
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("[[x]]"):find("[[]"), ("f(a(b)c)d"):match("%b()"))
print(("THE (quick) fox"):find("%((%a+)%)"), ("a,b,,c"):gsub(",", ";"), ("x"):rep(3, "-"))
print(pcall(string.rep, "x", 1 << 60), pcall(string.gsub, "x", "(", ""))
print(("%d"):format(3.0), pcall(string.format, "%d", 3.5), ("%10.3s|"):format("abcdef"))
print(("\65\066\x43\u{44}\z
       E"):byte(1, -1))
print(utf8.char(72, 228, 8364, 0x1F600), utf8.len("häß€"), utf8.codepoint("€", 1))
for at, code in utf8.codes("aé€😀") do io.write(at, ":", code, " ") end
print(utf8.len("\xff"))

local packed = string.pack("<i1 >i2 =i4 <i8 f d s1 z", -1, -300, 70000, -5000000000, 1.5, -2.25, "ab", "cd")
print(#packed, string.unpack("<i1 >i2 =i4 <i8 f d s1 z", packed))
for size = 1, 16 do
  local s = string.pack("<i" .. size, -2)
  io.write(#s, ":", (string.unpack("<i" .. size, s)), " ")
end
print(pcall(string.pack, "i1", 200))

-- a hash of strings, of floats, of mixed keys; deletion while walking
local t = {}
for i = 1, 20000 do t["k" .. i % 7000] = i t[i + 0.5] = i t[i] = -i end
local n, sum = 0, 0
for k, v in pairs(t) do
  n, sum = n + 1, sum + v
  if n % 3 == 0 then t[k] = nil end
end
print(n, sum, #t > 0)
local left = 0
for _ in pairs(t) do left = left + 1 end
print(left)

-- metatables: arithmetic, comparison, index chains, calls
local vector = {}
vector.__index = vector
local function new(x, y) return setmetatable({ x = x, y = y }, vector) end
vector.__add = function(a, b) return new(a.x + b.x, a.y + b.y) end
vector.__mul = function(a, b) return type(a) == "number" and new(a * b.x, a * b.y) or a.x * b.x + a.y * b.y end
vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
vector.__lt = function(a, b) return a.x < b.x end
vector.__le = function(a, b) return a.x <= b.x end
vector.__unm = function(a) return new(-a.x, -a.y) end
vector.__len = function() return 2 end
vector.__concat = function(a, b) return tostring(a) .. tostring(b) end
vector.__tostring = function(a) return "(" .. a.x .. "," .. a.y .. ")" end
vector.__call = function(self, d) return self.x + d end
vector.__idiv = function(a, b) return "idiv" end
vector.__shl = function(a, b) return "shl" end
local v, w = new(1, 2), new(3, 4)
print(tostring(v + w), v * w, tostring(2 * v), v == new(1, 2), v < w, v >= w, #v, v .. w, tostring(-v), v(10), v // w, v << 1)
local base = { get = function(self) return self.value end }
local object = setmetatable({ value = 9 }, { __index = setmetatable({}, { __index = base }) })
print(object:get(), rawget(object, "get"), rawlen({ 1, 2 }), next({}), type(next))
local log = {}
local proxy = setmetatable({}, { __newindex = function(_, k, v) log[#log + 1] = k .. v end })
proxy.a, proxy.b = 1, 2
print(table.concat(log, " "))

-- the collector: weak tables, finalizers, both modes
local weak = setmetatable({}, { __mode = "v" })
local finalized = 0
for i = 1, 1000 do
  local o = setmetatable({}, { __gc = function() finalized = finalized + 1 end })
  if i % 2 == 0 then weak[i] = o end
end
collectgarbage() collectgarbage()
local alive = 0
for _ in pairs(weak) do alive = alive + 1 end
print(finalized >= 999, alive <= 1)
for _, mode in ipairs { "generational", "incremental" } do
  collectgarbage(mode)
  local keep = {}
  for i = 1, 100000 do keep[i % 100] = { i, tostring(i) } end
  print(mode, #keep, keep[50][1])
end

-- chunks: compile, dump, load again
local source = [[ local a, b = ... ; local function f(n) if n < 2 then return n end return f(n - 1) + f(n - 2) end
  return f(a), a & b, (a .. b):rep(2), ({ a, b, x = { a } }).x[1], a // b, not a, -b, a ~= b, #"xyz" ]]
local chunk = assert(load(source, "chunk"))
print(chunk(15, 6))
print(load(string.dump(chunk, true), "dumped", "b")(14, 5))
print(load("x = = 1"), load("return 1 +"), load("goto nowhere"), load("for i = 1 do end"))
print(pcall(load, "\27broken", "x", "b"))
print(load(function() return nil end) ~= nil, select(2, load("local x <const> = 1; x = 2")))
local big = {}
for i = 1, 300 do big[i] = "v" .. i .. " = " .. i end
local env = {}
load(table.concat(big, "\n"), "big", "t", env)()
print(env.v1, env.v300, os.time { year = 2020, month = 2, day = 30, hour = 12 } - os.time { year = 2020, month = 3, day = 1, hour = 12 })
io.write(string.format("%s\n", os.date("!%Y-%m-%d %H:%M:%S", 1234567890)))
