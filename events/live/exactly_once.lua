-- What makes a script count every event once, and what such scripts have in common. They run behind this text.
--
-- Of a call they pass on: partitions, a list of {field, expect, next, bucket}; expect -1: this consumer found no offset;
-- and part, offset, id, one column each, an entry per event; part is 1-based, id 16 raw bytes.

local began = os.clock()
-- How long Redis has been kept from everybody else, by its processor's clock.
local function microseconds()
  return math.floor((os.clock() - began) * 1e6)
end

local NEVER = -math.huge
local max = math.max
local CHUNK = 1000 -- even, for pairs; as many as Lua's stack takes in one call with ease

-- log(exp(a) + exp(b)), without leaving the log domain
local function add(a, b)
  if a == NEVER then return b end
  return max(a, b) + math.log(1 + math.exp(-math.abs(a - b)))
end

-- Many members a call: calling costs more than adding.
local function write_all(command, key, args)
  for first = 1, #args, CHUNK do
    redis.call(command, key, unpack(args, first, math.min(first + CHUNK - 1, #args)))
  end
end

local function set_of(seen_key, partition, bucket)
  return seen_key .. ':' .. partition.place .. ':' .. string.format('%d', bucket)
end

local function mark_known(partition, key)
  for first = 1, #partition.ids, CHUNK do
    local last = math.min(first + CHUNK - 1, #partition.ids)
    local found = redis.call('SMISMEMBER', key, unpack(partition.ids, first, last))
    for j, is_member in ipairs(found) do
      if is_member == 1 then partition.known[partition.ids[first + j - 1]] = true end
    end
  end
end

-- Tell which events are new: not below the stored offset, and their ids not seen in this bucket or the one before.
-- Returns nil where a stored offset is behind what its consumer expects: Redis went back in time.
-- `applied` has their places, partition by partition. Writes nothing.
local function admit(call, offsets_key, seen_key)
  local partitions = call.partitions
  for _, partition in ipairs(partitions) do
    partition.stored = tonumber(redis.call('HGET', offsets_key, partition[1])) or -1
    if partition.stored < partition[2] then return nil end
  end

  -- Ids are remembered by topic and partition, whatever the incarnation: until a consumer learns that a topic was
  -- created anew, it may read the new log under the old one's name, and then reads it again under its own.
  for _, partition in ipairs(partitions) do
    partition.place = partition[1]:gsub('@.*/', '/')
    local newest = tonumber(redis.call('HGET', seen_key, partition.place))
    partition.newest = newest
    partition.bucket = max(partition[4], newest or partition[4])
    partition.fresh, partition.ids, partition.known = {}, {}, {}
  end

  local offset_of, id_of = call.offset, call.id
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

  local applied, duplicates = {}, 0
  for _, partition in ipairs(partitions) do
    mark_known(partition, set_of(seen_key, partition, partition.bucket))
    mark_known(partition, set_of(seen_key, partition, partition.bucket - 1))
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
  return {
    applied = applied, duplicates = duplicates, skipped = skipped,
    partitions = partitions, offsets_key = offsets_key, seen_key = seen_key,
  }
end

-- Remember the ids, and how far each log is in the state.
local function write_progress(admitted)
  local offsets_key, seen_key = admitted.offsets_key, admitted.seen_key
  for _, partition in ipairs(admitted.partitions) do
    write_all('SADD', set_of(seen_key, partition, partition.bucket), partition.new_ids)
    if #partition.new_ids > 0 and partition.bucket ~= partition.newest then
      -- Only the current and the previous bucket count, so what lies further back can go.
      if partition.newest then
        if partition.newest < partition.bucket - 1 then
          redis.call('DEL', set_of(seen_key, partition, partition.newest))
        end
        redis.call('DEL', set_of(seen_key, partition, partition.newest - 1))
      end
      redis.call('HSET', seen_key, partition.place, partition.bucket)
    end
    redis.call('HSET', offsets_key, partition[1], max(partition.stored, partition[3]))
  end
end

-- Tell followers of the feed, unless this is of a state that is being rebuilt, which nobody follows.
local function tell(call, feed_key, packed)
  if #packed == 0 or call.generation then return end
  local time = redis.call('TIME')
  local oldest = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) - call.feed_ms)
  redis.call('XADD', feed_key, 'MINID', '~', oldest, '*', 'v', table.concat(packed))
  redis.call('XTRIM', feed_key, 'MAXLEN', '~', call.feed_entries)
  redis.call('PUBLISH', call.channel, '')
end

