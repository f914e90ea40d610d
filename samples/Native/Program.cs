using System.Text;
using Callwatch.Client;
using Callwatch.Client.Capture;
using Callwatch.Client.Jobs;
using Callwatch.Client.Records;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A command-line program that asks a model one question; small enough to be published as a native file.
if (args is not [var endpoint, var question])
{
    Console.Error.WriteLine("usage: Samples.Native http://127.0.0.1:5081/v1 QUESTION");
    return 2;
}

var builder = Host.CreateApplicationBuilder();
builder.AddCallwatch();
builder.Services.AddHttpClient("model").AddCallwatchCapture();
using var host = builder.Build();
await host.StartAsync();

// What happens within is one trace: the call to the model, and the message as the business sees it.
using var job = Job.Start("ask");
var timer = RecordTimer.Start();
using var http = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("model");
using var body = new StringContent($$"""{"model":"gpt-4o-mini","messages":[{"role":"user","content":"{{System.Text.Json.JsonEncodedText.Encode(question)}}"}]}""", Encoding.UTF8, "application/json");
using var response = await http.PostAsync(new Uri(endpoint.TrimEnd('/') + "/chat/completions"), body);
var answer = await response.Content.ReadAsStringAsync();
Console.WriteLine(answer);

host.Services.GetRequiredService<ICallwatchRecorder>().Record(new MessageRecord
{
    MessageId = Guid.CreateVersion7().ToString(),
    StartTime = timer.StartTime,
    EndTime = timer.EndTime,
    Inputs = question,
    Outputs = answer,
});

// Sends what is left.
job.Dispose();
await host.StopAsync();
return response.IsSuccessStatusCode ? 0 : 1;
