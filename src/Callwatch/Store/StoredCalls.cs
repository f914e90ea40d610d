using System.Collections.Immutable;
using System.Threading.Channels;
using Callwatch.Spans;

namespace Callwatch.Store;

/// <summary>The calls as they are stored, for whoever watches live. A slow watcher loses the oldest and can tell how many; it never holds up the store.</summary>
public sealed class StoredCalls
{
    private ImmutableList<Subscription> watchers = [];

    /// <summary>Most watchers of one tenant: what each wants is looked at for every call there is.</summary>
    public const int MostPerTenant = 50;

    /// <summary>Null when the tenant has as many watchers as it may.</summary>
    public Subscription? TrySubscribe(int tenantId)
    {
        var subscription = new Subscription(this, room: 1_000, tenantId);
        var isIn = ImmutableInterlocked.Update(
            ref watchers, static (list, added) => list.Count(watcher => watcher.TenantId == added.TenantId) < MostPerTenant ? list.Add(added) : list, subscription);
        if (isIn) return subscription;
        subscription.Dispose();
        return null;
    }

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

        internal Subscription(StoredCalls owner, int room, int tenantId = 0)
        {
            (this.owner, TenantId) = (owner, tenantId);
            channel = Channel.CreateBounded<Span>(
                new BoundedChannelOptions(room) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true },
                _ => Interlocked.Increment(ref dropped));
        }

        /// <summary>Whose watcher it is; 0 for nobody's.</summary>
        internal int TenantId { get; }

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
