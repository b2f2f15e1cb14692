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
  partition.bucket = math.max(partition[4], newest or partition[4])
  partition.fresh, partition.ids, partition.known = {}, {}, {}
end

local function set_of(partition, bucket)
  return seen_key .. ':' .. partition.place .. ':' .. string.format('%d', bucket)
end

local skipped = 0
for i, number in ipairs(call.part) do
  local partition = partitions[number]
  if call.offset[i] < partition.stored then
    skipped = skipped + 1
  else
    partition.fresh[#partition.fresh + 1] = i
    partition.ids[#partition.ids + 1] = call.id[i]
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
    local id = call.id[i]
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
  local product = call.product[i]
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
  return math.max(a, b) + math.log(1 + math.exp(-math.abs(a - b)))
end

-- What shoppers met and marked: a list of notes, and of each key how many notes there are and how many it holds.
local note_key, note_member, note_at = {}, {}, {}
local shopper_keys, cap_of, n_notes, n_held = {}, {}, {}, {}
local function note(key, cap, member, at)
  if not n_notes[key] then
    shopper_keys[#shopper_keys + 1] = key
    cap_of[key], n_notes[key] = cap, 0
    n_held[key] = redis.call('ZCARD', key)
  end
  n_notes[key] = n_notes[key] + 1
  local n = #note_key + 1
  note_key[n], note_member[n], note_at[n] = key, member, at
end
local recent_space, marks_space = space .. names.recent, space .. names.marks
for _, i in ipairs(applied) do
  for _, shopper in ipairs(call.shopper[i]) do
    if call.met[i] == 1 then note(recent_space .. shopper, call.max_recent, call.product[i], call.at[i]) end
    if call.mark[i] ~= '' then note(marks_space .. shopper, call.max_marks, call.mark[i], call.at[i]) end
  end
end

redis.call('XLEN', feed_key) -- of the wrong type? then fail here, before the first write
local hour, week, clicks = read_scores(hour_key), read_scores(week_key), read_clicks()
for _, i in ipairs(applied) do
  local place, weight, at = place_of[call.product[i]], call.weight[i], call.at[i]
  if weight > 0 then
    hour[place] = add(hour[place], math.log(weight) + call.lambda_hour * at)
    week[place] = add(week[place], math.log(weight) + call.lambda_week * at)
  end
  clicks[place] = clicks[place] + call.click[i]
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
for n, key in ipairs(note_key) do redis.call('ZADD', key, 'GT', note_at[n], note_member[n]) end
for _, key in ipairs(shopper_keys) do
  if n_held[key] + n_notes[key] > cap_of[key] then redis.call('ZREMRANGEBYRANK', key, 0, -cap_of[key] - 1) end
  redis.call('EXPIRE', key, call.shopper_ttl)
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
  redis.call('HSET', offsets_key, partition[1], math.max(partition.stored, partition[3]))
end
if #packed > 0 and not call.generation then
  local time = redis.call('TIME')
  local oldest = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) - call.feed_ms)
  redis.call('XADD', feed_key, 'MINID', '~', oldest, '*', 'v', table.concat(packed))
  redis.call('XTRIM', feed_key, 'MAXLEN', '~', call.feed_entries)
  redis.call('PUBLISH', call.channel, '')
end
return {1, #applied, duplicates, skipped}
