-- Learn from one tenant's share of a batch of steps, exactly once, with the offsets it brings the state to.
-- It runs behind the text of exactly_once.lua. What a step teaches is said in events/live/sequences/sessions.py.
--
-- KEYS: 1 generation, 2 feed
-- ARGV: 1 the call, in msgpack; besides what exactly_once.lua wants:
--   session, product, kind, at, weight, fade   one column each, an entry per step; session the place in `sessions`, from
--               1; at in milliseconds; fade what weight 1 of the step weighs at `as_of`, the newest step's seconds
--   sessions    key suffixes
--   space, names   how this tenant's keys begin, and what follows the generation
--   purchase    the kind's number; viewed, bought, ended   likewise of following; lists   by these, what names begin with
--   near        weight of each distance; backward   of what leads back
--   silence, robot   milliseconds
--   max_steps, max_listed, session_ttl, list_ttl   the best or newest so many are kept, for so many seconds
--   rate        decay per second
-- Returns as apply.lua does. Everything is read and computed before the first write, as there.

local call = cmsgpack.unpack(ARGV[1])
local space = call.space .. (call.generation or redis.call('GET', KEYS[1]) or '')
local names, feed_key = call.names, KEYS[2]
local log = math.log

local admitted = admit(call, space .. names.offsets, space .. names.seen)
if not admitted then return {0} end
-- In the order they were read in, whatever the partition: so a session's steps stand in.
local applied = admitted.applied
if #call.partitions > 1 then table.sort(applied) end
redis.call('XLEN', feed_key) -- of the wrong type? then fail here, before the first write

-- 1. What the steps teach: per list, what each follower gains.
local touched, lists = {[call.viewed] = {}, [call.bought] = {}, [call.ended] = {}}, {}

local function teach(kind, product, follower, weight)
  local of_kind = touched[kind]
  local list = of_kind[product]
  if not list then
    list = {kind = kind, product = product, followers = {}, weights = {}, counts = {}}
    of_kind[product], lists[#lists + 1] = list, list
  end
  local weights, counts = list.weights, list.counts
  local known = weights[follower]
  if known then
    weights[follower], counts[follower] = known + weight, counts[follower] + 1
  else
    list.followers[#list.followers + 1] = follower
    weights[follower], counts[follower] = weight, 1
  end
end

-- A session is flat: step i has its time at 3i-2, its product at 3i-1, its kind at 3i. Those before `first` are forgotten.
local sessions = {}
local function session_of(number)
  local session = sessions[number]
  if not session then
    local key = space .. names.session .. call.sessions[number]
    local packed = redis.call('GET', key)
    local steps = packed and cmsgpack.unpack(packed) or {}
    session = {key = key, steps = steps, n = #steps / 3, first = 1}
    sessions[number] = session
  end
  return session
end

local silence, near, backward = call.silence, call.near, call.backward
local VIEWED, BOUGHT, ENDED, PURCHASE = call.viewed, call.bought, call.ended, call.purchase
local MAX_DISTANCE = #near

-- Steps from `from` to `to`: the nearest products, each at its distance from here.
local function teach_viewed(steps, from, to, step, product, known, weight, fade, is_before)
  local distance = 0
  for i = from, to, step do
    local other = steps[3 * i - 1]
    if not known[other] then
      known[other], distance = true, distance + 1
      local forth = weight * near[distance]
      local back = forth * backward
      if is_before then
        teach(VIEWED, other, product, forth * fade)
        teach(VIEWED, product, other, back * fade)
      else
        teach(VIEWED, product, other, forth * fade)
        teach(VIEWED, other, product, back * fade)
      end
      if distance == MAX_DISTANCE then return end
    end
  end
end

local function teach_purchase(steps, first, place, last, product, fade)
  local known = {[product] = true}
  for i = first, last do
    local other = steps[3 * i - 1]
    if steps[3 * i] == PURCHASE and not known[other] then
      known[other] = true
      teach(BOUGHT, other, product, fade)
      teach(BOUGHT, product, other, fade)
    end
  end
  known = {[product] = true}
  for i = first, place - 1 do
    local other = steps[3 * i - 1]
    if steps[3 * i] ~= PURCHASE and not known[other] then
      known[other] = true
      teach(ENDED, other, product, fade)
    end
  end
end

-- A look that comes later than the purchase that followed it.
local function teach_ended_later(steps, first, place, last, product, fade)
  if place > last then return end
  for i = first, place - 1 do
    if steps[3 * i - 1] == product and steps[3 * i] ~= PURCHASE then return end
  end
  local known = {[product] = true}
  for i = place, last do
    local other, is_purchase = steps[3 * i - 1], steps[3 * i] == PURCHASE
    if other == product and not is_purchase then return end
    if is_purchase and not known[other] then
      known[other] = true
      teach(ENDED, product, other, fade)
    end
  end
end

local function put(session, place, at, product, kind)
  local steps, n = session.steps, session.n
  for i = 3 * n, 3 * place - 2, -1 do steps[i + 3] = steps[i] end
  steps[3 * place - 2], steps[3 * place - 1], steps[3 * place] = at, product, kind
  session.n = n + 1
  if session.n - session.first + 1 > call.max_steps then session.first = session.first + 1 end
end

local function learn(session, at, product, kind, weight, fade)
  local steps, n, oldest = session.steps, session.n, session.first
  local place = n + 1
  while place > oldest and steps[3 * place - 5] > at do place = place - 1 end
  -- The session reaches to where a silence is too long; `first` and `last` are of it.
  local first, last, is_new = place, place - 1, true
  local next_at = at
  while first > oldest and next_at - steps[3 * first - 5] <= silence do
    first = first - 1
    next_at = steps[3 * first - 2]
    if steps[3 * first - 1] == product and steps[3 * first] == kind then is_new = false end
  end
  next_at = at
  while last < n and steps[3 * last + 1] - next_at <= silence do
    last = last + 1
    next_at = steps[3 * last - 2]
    if steps[3 * last - 1] == product and steps[3 * last] == kind then is_new = false end
  end
  local is_robot = n - oldest + 1 >= call.max_steps and steps[3 * oldest - 2] > at - call.robot
  if is_new and not is_robot and first <= last then
    if weight > 0 then
      local known = {[product] = true}
      teach_viewed(steps, place - 1, first, -1, product, known, weight, fade, true)
      teach_viewed(steps, place, last, 1, product, known, weight, fade, false)
    end
    if kind == PURCHASE then
      teach_purchase(steps, first, place, last, product, fade)
    else
      teach_ended_later(steps, first, place, last, product, fade)
    end
  end
  put(session, place, at, product, kind)
end

for _, i in ipairs(applied) do
  learn(session_of(call.session[i]), call.at[i], call.product[i], call.kind[i], call.weight[i], call.fade[i])
end

-- 2. The lists as they will be: columns of scores, ids and counts, in which only what changed is touched.
local function place_in(ids, id)
  local at = ids:find(id, 1, true)
  while at and at % 8 ~= 1 do at = ids:find(id, at + 1, true) end
  return at and (at + 7) / 8
end

local function patched(column, place, width, value)
  return column:sub(1, (place - 1) * width) .. value .. column:sub(place * width + 1)
end

local function lowest_left_out(scores, ids, counts, n)
  local values = {struct.unpack('<' .. string.rep('d', n), scores)}
  while n > call.max_listed do
    local lowest = 1
    for i = 2, n do
      if values[i] < values[lowest] then lowest = i end
    end
    table.remove(values, lowest)
    scores, ids = patched(scores, lowest, 8, ''), patched(ids, lowest, 8, '')
    counts, n = patched(counts, lowest, 4, ''), n - 1
  end
  return scores, ids, counts
end

local now = call.rate * call.as_of
for _, list in ipairs(lists) do
  list.name = call.lists[list.kind + 1] .. string.format('%.0f', list.product)
  local packed = redis.call('GET', space .. list.name) or ''
  if #packed % 20 ~= 0 then return redis.error_reply('WRONGTYPE not a list of what follows: ' .. list.name) end
  local n = #packed / 20
  local scores, ids, counts = packed:sub(1, 8 * n), packed:sub(8 * n + 1, 16 * n), packed:sub(16 * n + 1)
  for _, follower in ipairs(list.followers) do
    local id = struct.pack('<i8', follower)
    local gained, count = log(list.weights[follower]) + now, list.counts[follower]
    local place = n > 0 and place_in(ids, id)
    if place then
      local score = add(struct.unpack('<d', scores, 8 * place - 7), gained)
      scores = patched(scores, place, 8, struct.pack('<d', score))
      counts = patched(counts, place, 4, struct.pack('<i4', struct.unpack('<i4', counts, 4 * place - 3) + count))
    else
      scores, ids, counts = scores .. struct.pack('<d', gained), ids .. id, counts .. struct.pack('<i4', count)
      n = n + 1
    end
  end
  if n > call.max_listed then scores, ids, counts = lowest_left_out(scores, ids, counts, n) end
  list.packed = scores .. ids .. counts
end

-- 3. Writes.
local changed = {}
for _, list in ipairs(lists) do
  redis.call('SET', space .. list.name, list.packed, 'EX', call.list_ttl)
  changed[#changed + 1] = struct.pack('<i8i8', list.kind, list.product)
end
for _, session in pairs(sessions) do
  local steps = session.steps
  if session.first > 1 then
    steps = {}
    for i = 3 * session.first - 2, 3 * session.n do steps[#steps + 1] = session.steps[i] end
  end
  redis.call('SET', session.key, cmsgpack.pack(steps), 'EX', call.session_ttl)
end
write_progress(admitted)
tell(call, feed_key, changed)
return {1, #applied, admitted.duplicates, admitted.skipped}
