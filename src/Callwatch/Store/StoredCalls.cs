using System.Collections.Immutable;
using System.Threading.Channels;
using Callwatch.Spans;

namespace Callwatch.Store;

/// <summary>The calls as they are stored, for whoever watches live. A slow watcher loses the oldest and can tell how many; it never holds up the store.</summary>
public sealed class StoredCalls
{
    private ImmutableList<Subscription> watchers = [];

    /// <param name="room">Calls kept for a watcher that does not keep up.</param>
    public Subscription Subscribe(int room = 1_000)
    {
        var subscription = new Subscription(this, room);
        ImmutableInterlocked.Update(ref watchers, static (list, added) => list.Add(added), subscription);
        return subscription;
    }

    internal void Publish(IReadOnlyList<Span> calls)
    {
        foreach (var watcher in watchers)
            foreach (var call in calls) watcher.Offer(call);
    }

    /// <summary>One watcher; ends when disposed of.</summary>
    public sealed class Subscription : IDisposable
    {
        private readonly StoredCalls owner;
        private readonly Channel<Span> channel;
        private long dropped;

        internal Subscription(StoredCalls owner, int room)
        {
            this.owner = owner;
            channel = Channel.CreateBounded<Span>(
                new BoundedChannelOptions(room) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true },
                _ => Interlocked.Increment(ref dropped));
        }

        public ChannelReader<Span> Calls => channel.Reader;

        /// <summary>Calls this watcher was too slow for.</summary>
        public long Dropped => Interlocked.Read(ref dropped);

        internal void Offer(Span call) => channel.Writer.TryWrite(call);

        public void Dispose()
        {
            ImmutableInterlocked.Update(ref owner.watchers, static (list, gone) => list.Remove(gone), this);
            channel.Writer.TryComplete();
        }
    }
}
