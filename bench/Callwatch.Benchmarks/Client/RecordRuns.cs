using BenchmarkDotNet.Attributes;
using Callwatch.Client.Records;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Benchmarks.Client;

/// <summary><c>Record</c> of a message: what its caller pays. The queue has room for all of a round, so that none is dropped for being too fast.</summary>
[MemoryDiagnoser]
public class RecordRuns
{
    private static readonly DateTimeOffset Noon = new(2026, 9, 17, 12, 0, 0, TimeSpan.Zero);
    private Receiver receiver = null!;
    private ServiceProvider services = null!;
    private ICallwatchRecorder recorder = null!;

    [Params(true, false)]
    public bool EndpointAlive { get; set; }

    [GlobalSetup]
    public async Task SetupAsync() => receiver = await Receiver.StartAsync(EndpointAlive);

    [GlobalCleanup]
    public ValueTask CleanupAsync() => receiver.DisposeAsync();

    [IterationSetup]
    public void Begin()
    {
        var collection = new ServiceCollection();
        collection.AddCallwatchRecorder(options => (options.Endpoint, options.QueueRecords, options.ShutdownTimeout) = (receiver.Url, 1_000_000, TimeSpan.Zero));
        services = collection.BuildServiceProvider();
        recorder = services.GetRequiredService<ICallwatchRecorder>();
        foreach (var service in services.GetServices<IHostedService>()) service.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
    }

    [IterationCleanup]
    public void End()
    {
        if (recorder.Counts.QueueFull > 0) throw new InvalidOperationException("Records were dropped: the figure would be that of dropping.");
        services.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    [Benchmark(Description = "Record of a message")]
    public bool Record() => recorder.Record(new MessageRecord
    {
        MessageId = "m-1",
        ConversationId = "c-1",
        UserId = "anna",
        StartTime = Noon,
        EndTime = Noon,
        Model = "gpt-4o-mini",
        Provider = "openai",
        Usage = new RecordUsage { InputTokens = 57, OutputTokens = 23 },
        Inputs = "Where is my parcel?",
        Outputs = "On its way.",
    });
}
