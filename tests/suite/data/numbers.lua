-- numbers.lua - arithmetic, conversions, formatting, sorting, closures, coroutines, errors.
local function show(...) print(...) end

-- integers and floats at their edges
local max, min = math.maxinteger, math.mininteger
show(max + 1 == min, min - 1 == max, max * 2, min // -1, min % -1, 7 // -2, 7 % -2, -7 // 2, -7 % 2)
show(1 << 63, 1 << 64, 1 << -1, -1 >> 1, -1 >> 63, 5 & 3 | 8 ~ 2, ~0)
show(7.5 // 2, -7.5 // 2, 7.5 % -2, 1 / 0, -1 / 0, 2 ^ 0.5, 10 // 0.0, 2 ^ 53 + 1)
show(pcall(function() return 1 // 0 end))
show(pcall(function() return 1 % 0 end))
show(math.tointeger(3.0), math.tointeger(3.5), 3 | 0, pcall(function() return 3.5 | 0 end))
show(0x7fffffffffffffff, 0xffffffffffffffff, 1e308 * 10, "10" + 5, "0x10" + 0, 10 .. 20)
show(string.format("%5.2f|%-8d|%08x|%q|%s|%g|%a", 3.14159, 42, 48879, "a\nb\0c", nil, 1e20, 0.5))
show(math.ult(1, -1), math.abs(min), math.fmod(-6, 4), math.fmod(6.5, -4))
for _, s in ipairs { "1", " 0x1p4 ", "1e", "0x", "1e+5", "nan", "inf", ".5", "5.", "9223372036854775808" } do
  show(s, tonumber(s))
end
for base = 2, 36, 7 do show(base, tonumber("zz10", base), tonumber("101", base)) end

-- loops over every kind of range
local sum = 0
for i = 1, 0 do sum = sum + 1 end
for i = max - 2, max do sum = sum + 1 end
for i = min + 2, min, -1 do sum = sum + 1 end
for x = 1.0, 2.0, 0.125 do sum = sum + x end
show(sum, pcall(function() for i = 1, 10, 0 do end end))

-- sieve, matrix product, n-queens
local function sieve(n)
  local composite, count = {}, 0
  for i = 2, n do
    if not composite[i] then
      count = count + 1
      for j = i * i, n, i do composite[j] = true end
    end
  end
  return count
end
show("primes", sieve(200000))

local function matrix(n, f)
  local m = {}
  for i = 1, n do
    m[i] = {}
    for j = 1, n do m[i][j] = f(i, j) end
  end
  return m
end
local a, b = matrix(60, function(i, j) return i / j end), matrix(60, function(i, j) return i - j end)
local trace = 0
for i = 1, 60 do
  for j = 1, 60 do
    local s = 0
    for k = 1, 60 do s = s + a[i][k] * b[k][j] end
    if i == j then trace = trace + s end
  end
end
show(string.format("trace %.10g", trace))

local function queens(n)
  local solutions, cols, up, down = 0, {}, {}, {}
  local function place(row)
    if row > n then solutions = solutions + 1 return end
    for c = 1, n do
      if not cols[c] and not up[row + c] and not down[row - c + n] then
        cols[c], up[row + c], down[row - c + n] = true, true, true
        place(row + 1)
        cols[c], up[row + c], down[row - c + n] = nil, nil, nil
      end
    end
  end
  place(1)
  return solutions
end
show("queens", queens(7))

-- sorting with comparators, also bad ones
local seed = 42
local function random() seed = (seed * 1103515245 + 12345) & 0x7fffffff return seed end
local list = {}
for i = 1, 5000 do list[i] = random() % 1000 end
table.sort(list)
local ok = true
for i = 2, #list do ok = ok and list[i - 1] <= list[i] end
table.sort(list, function(x, y) return x > y end)
show("sorted", ok, list[1], list[#list])
show(pcall(table.sort, { 3, 1, 2, 5, 4, 9, 8, 7 }, function() return true end) ~= nil)
show(table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ","), table.unpack({ 1, 2, 3 }, 2))
show(select("#", table.unpack({}, 1, 250)), select(-1, 1, 2, 3))

-- coroutines and errors across them
local function generator(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i, i * i) end
  end)
end
local total = 0
for i, square in generator(1000) do total = total + square - i end
show("coroutine", total)
local co = coroutine.create(function(x)
  local ok, err = pcall(function() coroutine.yield(x + 1) error({ code = 7 }) end)
  local y = coroutine.yield(err.code)
  error("end " .. tostring(y), 0)
end)
show(coroutine.resume(co, 1))
show(coroutine.resume(co))
show(coroutine.resume(co, "x"))
show(coroutine.resume(co))
show(xpcall(function() local t = nil; return t.x end, function(m) return "handled: " .. m:gsub("^.-:%d+: ", "") end))
local depth = 0
local function recurse() depth = depth + 1 return 1 + recurse() end
show(pcall(recurse) == false, depth > 1000)
do
  local log = {}
  do
    local a <close> = setmetatable({}, { __close = function() log[#log + 1] = "a" end })
    local b <close> = setmetatable({}, { __close = function() log[#log + 1] = "b" end })
  end
  show(table.concat(log))
end
goto done
show("not reached")
::done::
