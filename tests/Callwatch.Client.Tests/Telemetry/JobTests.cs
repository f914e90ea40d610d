using System.Diagnostics;
using Callwatch.Client.Calls;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Hangfire;
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
        var trace = await Ran.Task.WithPatience("the job has run");
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

    [Fact]
    public async Task A_hangfire_job_goes_on_in_the_trace_that_ordered_it_and_fails_when_it_fails()
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector);
        var filters = GlobalJobFilters.Filters.Select(filter => filter.Instance).ToHashSet();
        GlobalConfiguration.Configuration.UseInMemoryStorage().UseCallwatch();
        try
        {
            using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = 1, ServerName = "test" });
            var (trace, ordered) = (default(ActivityTraceId), default(ActivitySpanId));
            await Client.Jobs.Job.RunAsync("order", _ =>
            {
                (trace, ordered) = (Activity.Current!.TraceId, Activity.Current.SpanId);
                Activity.Current.SetBaggage("tenant", "acme");
                BackgroundJob.Enqueue(() => Billing.Send(17));
                BackgroundJob.Enqueue(() => Billing.Lose(17));
                return Task.CompletedTask;
            }, Cancel);
            var spans = (await collector.ArrivedAsync(trace, 4)).ToDictionary(span => span.Name, StringComparer.Ordinal);
            Assert.Equal(["Billing.Lose", "Billing.Send", "chat acme-7b", "order"], spans.Keys.Order(StringComparer.Ordinal));
            foreach (var name in (string[])["Billing.Send", "Billing.Lose"]) Assert.Equal((ordered.ToHexString(), 5, "hangfire"), (spans[name].ParentSpanId.ToString(), spans[name].Kind, spans[name].Text("messaging.system")));
            Assert.Equal((spans["Billing.Send"].SpanId, "acme"), (spans["chat acme-7b"].ParentSpanId, spans["chat acme-7b"].Text("tenant")));
            Assert.Equal((0, 2, "System.TimeoutException"), (spans["Billing.Send"].StatusCode, spans["Billing.Lose"].StatusCode, spans["Billing.Lose"].Text("error.type")));
            server.SendStop();
        }
        finally
        {
            foreach (var filter in GlobalJobFilters.Filters.Where(filter => !filters.Contains(filter.Instance)).ToList()) GlobalJobFilters.Filters.Remove(filter.Instance);
        }

        await host.StopAsync(Cancel);
    }

    private static bool Holds(WireRequest request, ReadOnlySpan<byte> text) => request.Sent.AsSpan().IndexOf(text) >= 0;

    public static class Billing
    {
        public static void Send(int order)
        {
            using var call = ModelCall.Start("chat", "acme", "acme-7b");
            call.Activity?.SetTag("tenant", Activity.Current!.GetBaggageItem("tenant"));
        }

        [AutomaticRetry(Attempts = 0)]
        public static void Lose(int order) => throw new TimeoutException("no printer");
    }

    public sealed class Nightly : IJob
    {
        public Task Execute(IJobExecutionContext context)
        {
            using (ModelCall.Start("chat", "acme", "acme-7b")) Ran.TrySetResult(Activity.Current!.TraceId);
            return Task.CompletedTask;
        }
    }
}
