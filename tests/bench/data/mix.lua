-- mix.lua - a bit of everything that the interpreter does; prints one number. Argument: how much.
local n = tonumber(arg[1]) or 1
local seed = 42
local function random(limit)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % limit
end

local function fib(k) if k < 2 then return k end return fib(k - 1) + fib(k - 2) end

local function sieve(limit)
  local composite, count = {}, 0
  for i = 2, limit do
    if not composite[i] then
      count = count + 1
      for j = i * i, limit, i do composite[j] = true end
    end
  end
  return count
end

local function words(count)
  local seen, list = {}, {}
  for i = 1, count do
    local word = string.char(97 + random(26), 97 + random(26), 97 + random(6))
    seen[word] = (seen[word] or 0) + 1
    list[#list + 1] = word
  end
  table.sort(list)
  local text = table.concat(list, " ")
  local long = 0
  for word in text:gmatch("%a+") do
    if word:find("^a.c") or word > "x" then long = long + #word end
  end
  return long + #text:gsub("ab", "x")
end

local Point = {}
Point.__index = Point
Point.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, Point) end
function Point:norm() return math.sqrt(self.x * self.x + self.y * self.y) end

local function points(count)
  local sum = setmetatable({x = 0.0, y = 0.0}, Point)
  for i = 1, count do
    sum = sum + setmetatable({x = random(10) - 4.5, y = i % 3}, Point)
    if sum:norm() > 100 then sum.x = -sum.x / 2 end
  end
  return sum:norm()
end

local function tree(depth)
  if depth == 0 then return {value = random(9)} end
  return {left = tree(depth - 1), right = tree(depth - 1), value = depth}
end
local function total(node)
  if not node.left then return node.value end
  return total(node.left) + total(node.right) + node.value
end

local function generate(count)
  return coroutine.wrap(function() for i = 1, count do coroutine.yield(i * i % 7) end end)
end

local result = 0
for round = 1, n do
  result = result + fib(18) + sieve(12000) + words(3000) + total(tree(10))
  for value in generate(4000) do result = result + value end
  result = result + math.floor(points(8000))
end
print(result)
