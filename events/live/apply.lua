-- Apply one tenant's share of a batch of events, exactly once, with the offsets it brings the state to.
--
-- KEYS: 1 generation, 2 feed
-- ARGV: 1 the call, in msgpack:
--   partitions  list of {field, expect, next, bucket}; expect -1: this consumer found no offset
--   part, offset, id, product, weight, at, click, met, mark, shopper   one column each, an entry per event;
--               part is 1-based, id 16 raw bytes, at in seconds, click and met 1 or 0; weight 0: no trend;
--               mark '' for none; shopper a list of key suffixes
--   prefix, names   how this tenant's keys begin, and what follows the generation
--   generation  of a state that is being rebuilt: nobody follows it. None: the one in force
--   max_recent, max_marks, shopper_ttl   the newest so many are kept, for so many seconds
--   lambda_hour, lambda_week   decay per second
--   prune_below score in trend:week under which a product has faded (both sets lose it)
--   feed_ms, feed_entries      how long and how far back the feed reaches
--   channel     where followers of the feed are woken
-- Returns {1, applied, duplicates, skipped} or, where a stored offset is behind what its consumer expects
-- (Redis went back in time), {0} with nothing changed.
--
-- A script is isolated but not rolled back: everything is read and computed before the first write, so that
-- a key of the wrong type fails the call as a whole.

local call = cmsgpack.unpack(ARGV[1])
local space = call.prefix .. (call.generation or redis.call('GET', KEYS[1]) or '')
local names, feed_key = call.names, KEYS[2]
local offsets_key, hour_key, week_key = space .. names.offsets, space .. names.hour, space .. names.week
local clicks_key, seen_key = space .. names.clicks, space .. names.seen
local NEVER = -math.huge
local max, log, exp, abs, floor = math.max, math.log, math.exp, math.abs, math.floor

-- 1. Offsets: is this state where the consumer believes it is?
local partitions = call.partitions
for _, partition in ipairs(partitions) do
  partition.stored = tonumber(redis.call('HGET', offsets_key, partition[1])) or -1
  if partition.stored < partition[2] then return {0} end
end

-- 2. Which events are new: not below the stored offset, and their ids not seen in this bucket or the one before.
-- Ids are remembered by topic and partition, whatever the incarnation: until a consumer learns that a topic was created
-- anew, it may read the new log under the old one's name, and then reads it again under its own.
for _, partition in ipairs(partitions) do
  partition.place = partition[1]:gsub('@.*/', '/')
  local newest = tonumber(redis.call('HGET', seen_key, partition.place))
  partition.newest = newest
  partition.bucket = max(partition[4], newest or partition[4])
  partition.fresh, partition.ids, partition.known = {}, {}, {}
end

local function set_of(partition, bucket)
  return seen_key .. ':' .. partition.place .. ':' .. string.format('%d', bucket)
end

local product_of, at_of, offset_of, id_of = call.product, call.at, call.offset, call.id
local skipped = 0
for i, number in ipairs(call.part) do
  local partition = partitions[number]
  if offset_of[i] < partition.stored then
    skipped = skipped + 1
  else
    local n = #partition.fresh + 1
    partition.fresh[n], partition.ids[n] = i, id_of[i]
  end
end

local CHUNK = 1000 -- even, for pairs; as many as Lua's stack takes in one call with ease
local function mark_known(partition, key)
  for first = 1, #partition.ids, CHUNK do
    local last = math.min(first + CHUNK - 1, #partition.ids)
    local found = redis.call('SMISMEMBER', key, unpack(partition.ids, first, last))
    for j, is_member in ipairs(found) do
      if is_member == 1 then partition.known[partition.ids[first + j - 1]] = true end
    end
  end
end

local applied, duplicates = {}, 0
for _, partition in ipairs(partitions) do
  mark_known(partition, set_of(partition, partition.bucket))
  mark_known(partition, set_of(partition, partition.bucket - 1))
  partition.new_ids = {}
  for _, i in ipairs(partition.fresh) do
    local id = id_of[i]
    if partition.known[id] then
      duplicates = duplicates + 1
    else
      partition.known[id] = true
      partition.new_ids[#partition.new_ids + 1] = id
      applied[#applied + 1] = i
    end
  end
end

-- 3. The values of every product touched, before and after.
local products, place_of = {}, {}
for _, i in ipairs(applied) do
  local product = product_of[i]
  if not place_of[product] then
    products[#products + 1] = product
    place_of[product] = #products
  end
end

local function read_scores(key)
  local scores = {}
  for first = 1, #products, CHUNK do
    local last = math.min(first + CHUNK - 1, #products)
    for j, score in ipairs(redis.call('ZMSCORE', key, unpack(products, first, last))) do
      scores[first + j - 1] = tonumber(score) or NEVER
    end
  end
  return scores
end

local function read_clicks()
  local counts = {}
  for first = 1, #products, CHUNK do
    local last = math.min(first + CHUNK - 1, #products)
    for j, count in ipairs(redis.call('HMGET', clicks_key, unpack(products, first, last))) do
      counts[first + j - 1] = tonumber(count) or 0
    end
  end
  return counts
end

-- log(exp(a) + exp(b)), without leaving the log domain
local function add(a, b)
  if a == NEVER then return b end
  return max(a, b) + log(1 + exp(-abs(a - b)))
end

-- What shoppers met and marked: one ZADD a key. Times are whole milliseconds: a short sorted set keeps those as numbers,
-- and fractions as text, which it parses again for each member that it compares.
local notes, notes_of = {}, {}
local function note(key, cap, member, at)
  local args = notes_of[key]
  if not args then
    args = {key, 'GT'}
    notes_of[key], notes[#notes + 1] = args, args
    args.cap, args.n_held = cap, redis.call('ZCARD', key)
    -- Whole days are exact enough, and reading is cheaper than writing.
    args.is_ageing = args.n_held == 0 or redis.call('TTL', key) < call.shopper_ttl - 86400
  end
  local n = #args
  args[n + 1], args[n + 2] = at, member
end

local shopper_of, met, mark = call.shopper, call.met, call.mark
local recent_space, marks_space = space .. names.recent, space .. names.marks
for _, i in ipairs(applied) do
  local at = floor(at_of[i] * 1000 + 0.5)
  for _, shopper in ipairs(shopper_of[i]) do
    if met[i] == 1 then note(recent_space .. shopper, call.max_recent, product_of[i], at) end
    if mark[i] ~= '' then note(marks_space .. shopper, call.max_marks, mark[i], at) end
  end
end

redis.call('XLEN', feed_key) -- of the wrong type? then fail here, before the first write
local hour, week, clicks = read_scores(hour_key), read_scores(week_key), read_clicks()
local weight_of, click = call.weight, call.click
local lambda_hour, lambda_week = call.lambda_hour, call.lambda_week
for _, i in ipairs(applied) do
  local place, weight, at = place_of[product_of[i]], weight_of[i], at_of[i]
  if weight > 0 then
    local log_weight = log(weight)
    hour[place] = add(hour[place], log_weight + lambda_hour * at)
    week[place] = add(week[place], log_weight + lambda_week * at)
  end
  clicks[place] = clicks[place] + click[i]
end
local faded = redis.call('ZRANGEBYSCORE', week_key, '-inf', call.prune_below, 'LIMIT', 0, 100)

-- 4. Writes. Numbers go as they are: tostring() would keep 14 digits of them.
-- Many members a call: calling costs more than adding.
local function write_all(command, key, args)
  for first = 1, #args, CHUNK do
    redis.call(command, key, unpack(args, first, math.min(first + CHUNK - 1, #args)))
  end
end

local packed, hour_args, week_args, click_args = {}, {}, {}, {}
for place, product in ipairs(products) do
  if hour[place] ~= NEVER then
    hour_args[#hour_args + 1] = hour[place]
    hour_args[#hour_args + 1] = product
    week_args[#week_args + 1] = week[place]
    week_args[#week_args + 1] = product
  end
  if clicks[place] > 0 then
    click_args[#click_args + 1] = product
    click_args[#click_args + 1] = clicks[place]
  end
  packed[#packed + 1] = struct.pack('<dddd', product, hour[place], week[place], clicks[place])
end
write_all('ZADD', hour_key, hour_args)
write_all('ZADD', week_key, week_args)
write_all('HSET', clicks_key, click_args)
for _, product in ipairs(faded) do
  if not place_of[tonumber(product)] then
    redis.call('ZREM', hour_key, product)
    redis.call('ZREM', week_key, product)
    local count = tonumber(redis.call('HGET', clicks_key, product)) or 0
    packed[#packed + 1] = struct.pack('<dddd', tonumber(product), NEVER, NEVER, count)
  end
end
for _, args in ipairs(notes) do
  redis.call('ZADD', unpack(args))
  local n_noted = #args / 2 - 1
  if args.n_held + n_noted > args.cap then redis.call('ZREMRANGEBYRANK', args[1], 0, -args.cap - 1) end
  if args.is_ageing then redis.call('EXPIRE', args[1], call.shopper_ttl) end
end
for _, partition in ipairs(partitions) do
  write_all('SADD', set_of(partition, partition.bucket), partition.new_ids)
  if #partition.new_ids > 0 and partition.bucket ~= partition.newest then
    -- Only the current and the previous bucket count, so what lies further back can go.
    if partition.newest then
      if partition.newest < partition.bucket - 1 then redis.call('DEL', set_of(partition, partition.newest)) end
      redis.call('DEL', set_of(partition, partition.newest - 1))
    end
    redis.call('HSET', seen_key, partition.place, partition.bucket)
  end
  redis.call('HSET', offsets_key, partition[1], max(partition.stored, partition[3]))
end
if #packed > 0 and not call.generation then
  local time = redis.call('TIME')
  local oldest = string.format('%d', time[1] * 1000 + floor(time[2] / 1000) - call.feed_ms)
  redis.call('XADD', feed_key, 'MINID', '~', oldest, '*', 'v', table.concat(packed))
  redis.call('XTRIM', feed_key, 'MAXLEN', '~', call.feed_entries)
  redis.call('PUBLISH', call.channel, '')
end
return {1, #applied, duplicates, skipped}
