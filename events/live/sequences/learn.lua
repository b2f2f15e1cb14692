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
--   max_steps, max_listed, session_ttl   the newest or best so many are kept, sessions for so many seconds
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

-- 2. The lists as they will be. A list is rows of 20 bytes: score, id, count. Rows stay where they are: in a full list a
-- newcomer takes the place of the lowest, so that a few bytes are written, and not a thousand. Slots count from 0.
local ROW, MAX, MAX_ROWS = '<di8i4', call.max_listed, 8
local now = call.rate * call.as_of

local function slot_of(packed, id)
  local at = packed:find(id, 9, true)
  while at and (at - 9) % 20 ~= 0 do at = packed:find(id, at + 1, true) end
  return at and (at - 9) / 20
end

-- Who is listed gains first: list.rows has new rows by slot. Returns the others.
local function gain(list, packed)
  local rows, newcomers = {}, {}
  for _, follower in ipairs(list.followers) do
    local slot = slot_of(packed, struct.pack('<i8', follower))
    if slot then
      local score = add(struct.unpack('<d', packed, 20 * slot + 1), log(list.weights[follower]) + now)
      local count = struct.unpack('<i4', packed, 20 * slot + 17) + list.counts[follower]
      rows[slot], list.n_rows = struct.pack(ROW, score, follower, count), list.n_rows + 1
    else
      newcomers[#newcomers + 1] = follower
    end
  end
  list.rows = rows
  return newcomers
end

-- Then newcomers take a new row each, or that of the lowest. Returns how many rows there are then.
local function let_in(list, packed, n, newcomers)
  local rows, scores = list.rows, {}
  if n + #newcomers > MAX then -- else nobody has to go
    for i = 1, n do scores[i] = struct.unpack('<d', packed, 20 * i - 19) end
    for slot, row in pairs(rows) do scores[slot + 1] = struct.unpack('<d', row) end
  end
  for _, follower in ipairs(newcomers) do
    local score, slot = log(list.weights[follower]) + now, n
    if n < MAX then
      n = n + 1
    else
      local lowest = 1
      for i = 2, n do
        if scores[i] < scores[lowest] then lowest = i end
      end
      slot = score >= scores[lowest] and lowest - 1
    end
    if slot then
      scores[slot + 1] = score
      rows[slot], list.n_rows = struct.pack(ROW, score, follower, list.counts[follower]), list.n_rows + 1
    end
  end
  return n
end

local function patched(list, packed, had, n)
  for slot, row in pairs(list.rows) do
    if slot < had then packed = packed:sub(1, 20 * slot) .. row .. packed:sub(20 * slot + 21) end
  end
  for slot = had, n - 1 do packed = packed .. list.rows[slot] end
  return packed
end

for _, list in ipairs(lists) do
  list.key = space .. call.lists[list.kind + 1] .. string.format('%.0f', list.product)
  local packed = redis.call('GET', list.key) or ''
  if #packed % 20 ~= 0 then return redis.error_reply('WRONGTYPE not a list of what follows: ' .. list.key) end
  list.n_rows = 0
  local had, newcomers = #packed / 20, gain(list, packed)
  local n = let_in(list, packed, had, newcomers)
  if n > had or list.n_rows > MAX_ROWS then list.whole = patched(list, packed, had, n) end
end

-- 3. Writes.
local changed = {}
for _, list in ipairs(lists) do
  if list.whole then
    redis.call('SET', list.key, list.whole)
  else
    for slot, row in pairs(list.rows) do redis.call('SETRANGE', list.key, 20 * slot, row) end
  end
  if list.n_rows > 0 then changed[#changed + 1] = struct.pack('<i8i8', list.kind, list.product) end
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
return {1, #applied, admitted.duplicates, admitted.skipped, microseconds()}
