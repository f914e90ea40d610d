using System.Diagnostics;
using Callwatch.Client.Calls;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Quartz;
using Quartz.Impl;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

[Collection(OneAtATime.Name)]
public sealed class JobTests
{
    private static readonly TaskCompletionSource<ActivityTraceId> Ran = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_quartz_job_is_a_trace_of_its_own_with_the_calls_it_makes()
    {
        await using var collector = await Collector.OpenAsync();
        // Its activities have no source and their scope no name, which the strict receiver does not take.
        collector.Always = new WireAnswer(200, [], "application/x-protobuf");
        using var host = await Watched.WorkerAsync(collector);
        var scheduler = await new StdSchedulerFactory(new System.Collections.Specialized.NameValueCollection { ["quartz.scheduler.instanceName"] = "test", ["quartz.threadPool.maxConcurrency"] = "1" }).GetScheduler(Cancel);
        await scheduler.Start(Cancel);
        await scheduler.ScheduleJob(JobBuilder.Create<Nightly>().WithIdentity("nightly", "reports").Build(), TriggerBuilder.Create().StartNow().Build(), Cancel);
        var trace = await Ran.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var ids = Convert.FromHexString(trace.ToHexString());
        await Eventually.HoldsAsync(() => Sent("Quartz.Job.Execute"u8).Count > 0 && Sent("chat acme-7b"u8).Count > 0, "job and call have come");
        await scheduler.Shutdown(waitForJobsToComplete: true, Cancel);
        Assert.Contains(Sent("Quartz.Job.Execute"u8), request => Holds(request, "nightly"u8) && Holds(request, ids));
        Assert.Contains(Sent("chat acme-7b"u8), request => Holds(request, ids));
        await host.StopAsync(Cancel);

        List<WireRequest> Sent(ReadOnlySpan<byte> text)
        {
            var found = new List<WireRequest>();
            foreach (var request in collector.Requests)
                if (Holds(request, text)) found.Add(request);
            return found;
        }
    }

    private static bool Holds(WireRequest request, ReadOnlySpan<byte> text) => request.Sent.AsSpan().IndexOf(text) >= 0;

    public sealed class Nightly : IJob
    {
        public Task Execute(IJobExecutionContext context)
        {
            using (ModelCall.Start("chat", "acme", "acme-7b")) Ran.TrySetResult(Activity.Current!.TraceId);
            return Task.CompletedTask;
        }
    }
}
