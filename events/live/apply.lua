-- Apply one tenant's share of a batch of events, exactly once, with the offsets it brings the state to.
-- It runs behind the text of exactly_once.lua.
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
-- Returns {1, applied, duplicates, skipped, microseconds} or, where a stored offset is behind what its consumer expects
-- (Redis went back in time), {0} with nothing changed.
--
-- A script is isolated but not rolled back: everything is read and computed before the first write, so that
-- a key of the wrong type fails the call as a whole.

local call = cmsgpack.unpack(ARGV[1])
local space = call.prefix .. (call.generation or redis.call('GET', KEYS[1]) or '')
local names, feed_key = call.names, KEYS[2]
local offsets_key, hour_key, week_key = space .. names.offsets, space .. names.hour, space .. names.week
local clicks_key, seen_key = space .. names.clicks, space .. names.seen
local log, floor = math.log, math.floor

-- 1. Which events are new; nil: the state is not where the consumer believes it is.
local admitted = admit(call, offsets_key, seen_key)
if not admitted then return {0} end
local applied = admitted.applied

-- 2. The values of every product touched, before and after.
local product_of, at_of = call.product, call.at
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

-- 3. Writes. Numbers go as they are: tostring() would keep 14 digits of them.
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
write_progress(admitted)
tell(call, feed_key, packed)
return {1, #applied, admitted.duplicates, admitted.skipped, microseconds()}
